"""Whether a contender's result is right: against the reference in float64."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from peers.call import Array

SHARE = 1e-5
"""Largest error of a float32 result, as a share of its largest element: float32 rounds to 6e-8, and
the sums here have up to 4608 terms, in any order."""


def relative_error(result: Array, expected: Array) -> float:
    """The largest error as a share of the largest element; NaN where an element is NaN.

    Infinite where the shapes differ.
    """
    if result.shape != expected.shape:
        return float("inf")
    wide = np.asarray(result).astype(np.float64)
    largest = np.abs(expected.astype(np.float64)).max()
    error = np.abs(wide - expected.astype(np.float64)).max()
    return float(error / largest) if largest else float(error)


def allowed_error(dtype: Any, expected: Array) -> float:
    """The error that a result of `dtype` may have: none for integers.

    A result in fewer bits than float32 is allowed one rounding to them on top.
    """
    if not is_float(expected.dtype):
        return 0.0
    kind = np.dtype(dtype)
    unit = float(ml_dtypes.finfo(kind).eps) if is_float(kind) else 0.0
    return max(SHARE, unit)


def is_float(dtype: Any) -> bool:
    """Whether NumPy, or what ml_dtypes adds to it, takes `dtype` for a float."""
    return np.dtype(dtype).kind in "fV" or np.dtype(dtype) == ml_dtypes.bfloat16


def is_right(error: float, allowed: float) -> bool:
    """Whether an error is within what is allowed; NaN is not."""
    return error <= allowed
