"""How counts become columns: logarithms, and as many places as there are columns for."""

from __future__ import annotations

import numpy as np

LOG = "sign * log2(1 + |n|)"
"""The unit of a count, as in AutoTVM and Ansor: small and large ones are told apart alike, and 0
stays 0."""


def logarithm(counts: np.ndarray) -> np.ndarray:
    """sign(n) * log2(1 + |n|) of every number."""
    scaled: np.ndarray = np.copysign(np.log2(1.0 + np.abs(counts)), counts)
    return scaled


def plain(value: float, unit: str) -> tuple[float, str]:
    """What a column counts, its logarithm undone, and the unit of that."""
    if unit.startswith("sign * log2(1 + |"):
        return float(np.copysign(np.exp2(abs(value)) - 1.0, value)), unit.partition(") ")[2]
    if unit.startswith("log2 "):
        return float(np.exp2(value)), unit.removeprefix("log2 ")
    return value, unit


def first(values: np.ndarray, count: int, axis: int) -> np.ndarray:
    """The first `count` places along an axis, filled up with zeros."""
    shape = list(values.shape)
    shape[axis] = count
    kept = (*[slice(None)] * axis, slice(min(count, values.shape[axis])))
    filled = np.zeros(shape, dtype=values.dtype)
    filled[kept] = values[kept]
    return filled
