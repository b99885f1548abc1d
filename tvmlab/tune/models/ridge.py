"""Ridge regression on features and their squares: the smallest model that can have an optimum.

It needs no library but NumPy and fits in a millisecond. What boosted trees gain over it is what
their weight buys.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PENALTY = 1.0
"""On the squared weights, of columns whose variance is 1: one example's worth of doubt."""


class RidgeModel:
    """Least squares with a penalty on the weights, in closed form."""

    name = "ridge"
    unit = "of the fastest speed"

    def __init__(self, seed: int = 0) -> None:
        self._mean: np.ndarray | None = None
        self._spread = np.zeros(0)

    def fit(
        self,
        features: np.ndarray,
        scores: np.ndarray,
        *,
        groups: Sequence[int] = (),
        base: np.ndarray | None = None,
    ) -> None:
        """Learn from (n, f) features and (n,) scores, or what of them is beyond `base`."""
        scores = scores if base is None else scores - base
        columns = _with_squares(features)
        self._mean, spread = columns.mean(axis=0), columns.std(axis=0)
        self._scale = np.where(spread > 0, spread, 1.0)
        self._offset = float(scores.mean())
        x = (columns - self._mean) / self._scale
        normal = x.T @ x + PENALTY * np.eye(x.shape[1])
        self._weights = np.linalg.solve(normal, x.T @ (scores - self._offset))
        self._spread = self._added(x).var(axis=0)

    def predict(self, features: np.ndarray, base: np.ndarray | None = None) -> np.ndarray:
        """(n,) float64 in the unit of the scores; `base` or zeros before the first `fit`."""
        below = np.zeros(len(features)) if base is None else base
        if self._mean is None:
            return below
        x = (_with_squares(features) - self._mean) / self._scale
        return np.asarray(below + self._offset + x @ self._weights, dtype=np.float64)

    def gains(self, columns: int) -> np.ndarray:
        """(columns,) float64: the variance, over what it learnt from, of what each column and its
        square add together; zeros before the first `fit`."""
        return self._spread if self._mean is not None else np.zeros(columns)

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """(n, f + 1) float64: what each column adds to each prediction, which is its coefficient
        times how far its value is from the mean, and the same of its square; the last column is
        what they start from. Zeros before the first `fit`."""
        if self._mean is None:
            return np.zeros((len(features), features.shape[1] + 1))
        added = self._added((_with_squares(features) - self._mean) / self._scale)
        return np.concatenate([added, np.full((len(features), 1), self._offset)], axis=1)

    def _added(self, x: np.ndarray) -> np.ndarray:
        """(n, f) of (n, 2 f) scaled columns: a column's part and its square's."""
        linear, squared = np.split(x * self._weights, 2, axis=1)
        return np.asarray(linear + squared, dtype=np.float64)


def _with_squares(features: np.ndarray) -> np.ndarray:
    """(n, 2 f) float64: the columns, then their squares."""
    wide = features.astype(np.float64)
    return np.concatenate([wide, wide * wide], axis=1)
