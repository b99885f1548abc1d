"""The control: a model that has learnt nothing, to measure the others against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class RandomModel:
    """Scores drawn uniformly from 0 to 1, whatever the features."""

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def fit(
        self,
        features: np.ndarray,
        scores: np.ndarray,
        *,
        groups: Sequence[int] = (),
        base: np.ndarray | None = None,
    ) -> None:
        """Learn nothing."""

    def predict(self, features: np.ndarray, base: np.ndarray | None = None) -> np.ndarray:
        """(n,) float64 in [0, 1)."""
        return self._rng.random(len(features))
