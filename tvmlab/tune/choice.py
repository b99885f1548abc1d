"""The explorer that a setup asks for by name."""

from __future__ import annotations

from typing import Any

from tvmlab.errors import UsageError
from tvmlab.tune.explorer import Explorer
from tvmlab.tune.explorers import EXPLORERS, GuidedExplorer
from tvmlab.tune.features import FEATURES
from tvmlab.tune.model_guided import ModelGuided
from tvmlab.tune.models import MODELS
from tvmlab.tune.models.transferred import Prior
from tvmlab.tune.space import Space


def explorer_named(
    name: str,
    space: Space,
    seed: int,
    model: str | None = None,
    diversity: float = 0.0,
    features: str | None = None,
    prior: Prior | None = None,
) -> Explorer:
    """The explorer `name` of `space`.

    Args:
        model: the name of its cost model; None for its own choice.
        diversity: see `ModelGuided`.
        features: the name of what its model sees; None for its own choice.
        prior: what its model is to begin with.

    Raises:
        UsageError: no such explorer, model or features, or a model for one that uses none.
    """
    if name not in EXPLORERS:
        raise UsageError(f"the explorer {name!r} is not known; use one of {', '.join(EXPLORERS)}.")
    if model is not None and model not in MODELS:
        raise UsageError(f"the model {model!r} is not known; use one of {', '.join(MODELS)}.")
    if features is not None and features not in FEATURES:
        raise UsageError(
            f"the features {features!r} are not known; use one of {', '.join(FEATURES)}."
        )
    if diversity < 0:
        raise UsageError(f"a diversity of {diversity} was asked for; give 0 or more.")
    maker: type[Any] = EXPLORERS[name]
    if issubclass(maker, ModelGuided):
        chosen = model if model is not None else ModelGuided.default_model
        seen = features if features is not None else ModelGuided.default_features
        guided: Explorer = maker(space, seed, chosen, diversity, seen, prior)
        return guided
    if model is not None or diversity or features is not None:
        raise UsageError(
            f"the explorer {name!r} uses no cost model; leave `model`, `features` and `diversity` "
            f"out, or use the explorer {GuidedExplorer.name!r}."
        )
    plain: Explorer = maker(space, seed)
    return plain
