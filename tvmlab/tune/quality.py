"""How well a cost model foresaw what was measured afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple

import numpy as np

from tvmlab.tune.record import Record

TOP = 0.25
"""The share of a batch that counts as its fast trials, for recall."""


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


class BatchQuality(NamedTuple):
    """How well a batch was foreseen: its predictions were made before any of it was measured.

    Attributes:
        batch: its place in the run, from 0.
        compared: trials that were predicted and ran.
        distinct: how many different predictions there were among them.
        spearman, kendall: rank correlations of predicted and measured times (Kendall's tau-b); None
            where fewer than 3 pairs, or no variation, leave them undefined.
        top: how many trials count as the fast ones.
        recall: the share of the `top` fastest that were among the `top` predicted fastest.
        regret: by how much of the fastest trial's time the one predicted fastest was slower.

    Where predictions tie, `recall` and `regret` are what a choice by lot among them would give on
    average.
    """

    batch: int
    compared: int
    distinct: int
    spearman: float | None
    kendall: float | None
    top: int
    recall: float | None
    regret: float | None


def batch_quality(
    batch: int, predicted_s: Sequence[float], measured_s: Sequence[float]
) -> BatchQuality:
    """The quality of the pairs of one batch, both in seconds."""
    predicted, measured = np.asarray(predicted_s, float), np.asarray(measured_s, float)
    count = len(predicted)
    distinct = len(np.unique(predicted))
    top = max(1, ceil(TOP * count)) if count else 0
    if not count:
        return BatchQuality(batch, 0, 0, None, None, 0, None, None)
    fastest = np.argsort(measured, kind="stable")[:top]
    first = measured[predicted == predicted.min()]
    return BatchQuality(
        batch,
        count,
        distinct,
        rank_correlation(predicted, measured),
        kendall(predicted, measured),
        top,
        float(_odds_of_being_first(predicted, top)[fastest].mean()),
        float(first.mean() / measured.min() - 1.0),
    )


def kendall(a: np.ndarray, b: np.ndarray) -> float | None:
    """Kendall's tau-b of two (n,) arrays, which allows for ties (M. G. Kendall, "The treatment of
    ties in ranking problems", Biometrika 33, 1945); None as for `rank_correlation`."""
    if len(a) < 3:
        return None
    x, y = np.sign(a[:, None] - a), np.sign(b[:, None] - b)
    norm = np.sqrt((x * x).sum() * (y * y).sum())
    return float((x * y).sum() / norm) if norm else None


def _odds_of_being_first(values: np.ndarray, top: int) -> np.ndarray:
    """The odds of each value to be among the `top` least, ties being broken by lot."""
    below = (values < values[:, None]).sum(axis=1)
    tied = (values == values[:, None]).sum(axis=1)
    odds: np.ndarray = np.clip((top - below) / tied, 0.0, 1.0)
    return odds
