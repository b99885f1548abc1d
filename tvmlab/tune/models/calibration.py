"""From a ranking to a prediction: which speed a model's score has stood for so far.

A ranking model only orders. The non-decreasing step function closest to the measured scores
(isotonic regression by pooling adjacent violators), drawn as a line through the steps' middles,
gives its scores the unit of the measurements, so that prediction and measurement share an axis.
"""

from __future__ import annotations

import numpy as np


class Calibration:
    """Maps a model's scores to measured ones; never reverses an order."""

    def __init__(self, predicted: np.ndarray, measured: np.ndarray) -> None:
        """Learn from (n,) scores of a model and what was measured there; n is at least 1."""
        order = np.lexsort((measured, predicted))
        pools: list[tuple[float, float, int]] = []
        for x, y in zip(predicted[order].tolist(), measured[order].tolist(), strict=True):
            x_sum, y_sum, count = x, y, 1
            while pools and pools[-1][1] * count >= y_sum * pools[-1][2]:
                x_last, y_last, count_last = pools.pop()
                x_sum, y_sum, count = x_sum + x_last, y_sum + y_last, count + count_last
            pools.append((x_sum, y_sum, count))
        sums = np.array(pools, dtype=np.float64)
        self._x = sums[:, 0] / sums[:, 2]
        self._y = sums[:, 1] / sums[:, 2]

    def __call__(self, predicted: np.ndarray) -> np.ndarray:
        """(n,) predictions in the unit of the measurements; constant outside what was seen."""
        expected: np.ndarray = np.interp(predicted, self._x, self._y)
        return expected
