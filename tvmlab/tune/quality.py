"""How well a cost model foresaw what was measured afterwards."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tvmlab.tune.record import Record


def rank_correlation(predicted: np.ndarray, measured: np.ndarray) -> float | None:
    """Spearman's rank correlation of two (n,) arrays, ties sharing their mean rank; None where
    fewer than 3 pairs, or no variation on either side, leave it undefined."""
    if len(predicted) < 3:
        return None
    a, b = _ranks(predicted), _ranks(measured)
    if not a.std() or not b.std():
        return None
    return float(np.corrcoef(a, b)[0, 1])


def foresight(records: Iterable[Record]) -> tuple[int, float | None]:
    """How many good trials were predicted before they were measured, and the rank correlation of
    predicted and measured times over them."""
    pairs = [(r.predicted_s, r.median_s) for r in records if r.predicted_s and r.median_s]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return len(table), rank_correlation(table[:, 0], table[:, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value from 0, ties sharing their mean."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    first = np.cumsum(counts) - counts
    means: np.ndarray = first + (counts - 1) / 2
    return means[group]
