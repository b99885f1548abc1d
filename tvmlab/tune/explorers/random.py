"""Uniform sampling without repeats: the baseline, and hard to beat in small spaces."""

from __future__ import annotations

import numpy as np

from tvmlab.tune.explorer import History, Proposal
from tvmlab.tune.space import Space


class RandomExplorer:
    """Draws configurations uniformly from those not yet seen."""

    name = "random"

    def __init__(self, space: Space, seed: int = 0) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)

    def observe(self, history: History) -> None:
        """Learn nothing."""

    def propose(self, count: int, history: History) -> list[Proposal]:
        """Up to `count` new configurations, without a prediction."""
        drawn = self._space.draw_new(count, self._rng, history.seen)
        return [Proposal(row, None) for row in drawn]
