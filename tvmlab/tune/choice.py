"""The explorer that a setup asks for by name."""

from __future__ import annotations

from typing import Any

from tvmlab.errors import UsageError, did_you_mean
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
    check_choice(name, model, diversity, features)
    maker: type[Any] = EXPLORERS[name]
    if issubclass(maker, ModelGuided):
        chosen = model if model is not None else ModelGuided.default_model
        seen = features if features is not None else ModelGuided.default_features
        guided: Explorer = maker(space, seed, chosen, diversity, seen, prior)
        return guided
    plain: Explorer = maker(space, seed)
    return plain


def check_choice(
    explorer: object, model: object = None, diversity: object = 0.0, features: object = None
) -> None:
    """Refuse what `explorer_named` knows nothing of, whatever the space.

    Raises:
        UsageError: no such explorer, model or features, or a model for one that uses none.
    """
    for kind, name, known, verb in (
        ("explorer", explorer, EXPLORERS, "is"),
        ("model", model, MODELS, "is"),
        ("features", features, FEATURES, "are"),
    ):
        is_asked = kind == "explorer" or name is not None
        if is_asked and (not isinstance(name, str) or name not in known):
            hint = did_you_mean(str(name), known)
            raise UsageError(f"the {kind} {name!r} {verb} not known; {hint}.")
    if not isinstance(diversity, int | float) or not diversity >= 0:
        raise UsageError(f"a diversity of {diversity!r} was asked for; give 0 or more.")
    is_guided = issubclass(EXPLORERS[str(explorer)], ModelGuided)
    if not is_guided and (model is not None or diversity or features is not None):
        raise UsageError(
            f"the explorer {explorer!r} uses no cost model; leave `model`, `features` and "
            f"`diversity` out, or use the explorer {GuidedExplorer.name!r}."
        )
