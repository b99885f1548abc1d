"""The explorer that a setup asks for by name."""

from __future__ import annotations

from tvmlab.errors import UsageError
from tvmlab.tune.explorer import Explorer
from tvmlab.tune.explorers import EXPLORERS, GuidedExplorer
from tvmlab.tune.models import MODELS
from tvmlab.tune.space import Space


def explorer_named(
    name: str, space: Space, seed: int, model: str | None = None, diversity: float = 0.0
) -> Explorer:
    """The explorer `name` of `space`.

    Args:
        model: the name of its cost model; None for its own choice.
        diversity: see `GuidedExplorer`.

    Raises:
        UsageError: no such explorer or model, or a model for one that uses none.
    """
    if name not in EXPLORERS:
        raise UsageError(f"the explorer {name!r} is not known; use one of {', '.join(EXPLORERS)}.")
    if model is not None and model not in MODELS:
        raise UsageError(f"the model {model!r} is not known; use one of {', '.join(MODELS)}.")
    if diversity < 0:
        raise UsageError(f"a diversity of {diversity} was asked for; give 0 or more.")
    if name == GuidedExplorer.name:
        chosen = model if model is not None else GuidedExplorer.default_model
        return GuidedExplorer(space, seed, chosen, diversity)
    if model is not None or diversity:
        raise UsageError(
            f"the explorer {name!r} uses no cost model; leave `model` and `diversity` out, or use "
            f"the explorer {GuidedExplorer.name!r}."
        )
    return EXPLORERS[name](space, seed)
