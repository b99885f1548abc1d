"""Improve the cost model: features and a model that rank a recorded space as it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from tvmlab.errors import TraceError
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.learn.recordings import recording
from tvmlab.ops.registry import unknown
from tvmlab.tune.features import FEATURES
from tvmlab.tune.models import MODELS
from tvmlab.tune.quality import rank_correlation

DRAWS = 8
"""So many times other rows are learnt from, always the same ones: a lucky draw is no model."""


class CostModel(Kind):
    """`features` and `model` whose predictions, after `learnt` rows of `recording`, rank all others
    with a rank correlation of at least `correlation`."""

    name = "cost_model"
    title = "Improve the cost model"
    goal: ClassVar[Mapping[str, type]] = {"recording": str, "learnt": int, "correlation": float}

    def settings(self, exercise: Exercise) -> Mapping[str, Sequence[str]]:
        """The features and the models there are."""
        return {"features": tuple(FEATURES), "model": tuple(MODELS)}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """The correlation reached, the mean over several draws."""
        goal = goal_of(paper.exercise, self.goal)
        features = _named(paper.answer.settings, "features", tuple(FEATURES))
        model = _named(paper.answer.settings, "model", tuple(MODELS))
        found = [
            correlation(goal["recording"], features, model, goal["learnt"], seed=number)
            for number in range(DRAWS)
        ]
        reached, wanted = sum(found) / DRAWS, goal["correlation"]
        share = 1.0 if reached >= wanted else max(0.0, reached / wanted)
        words = (
            f"after {goal['learnt']} of them, {model} on {features} ranks the others with a "
            f"correlation of {reached:.2f} (draws from {min(found):.2f} to {max(found):.2f})"
        )
        return (Mark(f"a rank correlation of {wanted:.2f}", share, 1.0, words),)


def correlation(name: str, features: str, model: str, learnt: int, seed: int) -> float:
    """The rank correlation on what was not learnt from; 0 where it is undefined."""
    found = recording(name)
    columns = FEATURES[features](found.space)(found.digits)
    order = np.random.default_rng(seed).permutation(len(found.digits))
    first, rest = order[:learnt], order[learnt:]
    made = MODELS[model](seed)
    made.fit(columns[first], found.shares[first])
    return rank_correlation(made.predict(columns[rest]), found.shares[rest]) or 0.0


def _named(settings: Mapping[str, object], what: str, known: Sequence[str]) -> str:
    name = settings.get(what)
    if name is None:
        raise TraceError(
            f'the answer lacks {what!r}; set it, as in {what} = "{known[0]}", to one of '
            f"{', '.join(known)}."
        )
    if name not in known:
        raise TraceError(unknown(what, str(name), known))
    return str(name)
