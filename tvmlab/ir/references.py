"""What the scalar functions mean that NumPy has not itself, on its arrays and scalars."""

from __future__ import annotations

from typing import Any

import numpy as np

Value = Any
"""An array, or a NumPy scalar; results have its dtype."""


def unsigned(x: Value) -> Value:
    """The bits of an integer as an unsigned one."""
    kept = np.asarray(x)
    return kept.view(f"u{kept.dtype}") if kept.dtype.kind == "i" else kept


def popcount(x: Value) -> Value:
    """How many bits of an integer are set."""
    return np.bitwise_count(unsigned(x)).astype(np.asarray(x).dtype)


def clz(x: Value) -> Value:
    """How many bits above the highest set one an integer has; all of them if none is set."""
    smeared = unsigned(x)
    width = 8 * smeared.dtype.itemsize
    step = 1
    while step < width:
        smeared = smeared | (smeared >> smeared.dtype.type(step))
        step *= 2
    return (width - np.bitwise_count(smeared)).astype(np.asarray(x).dtype)


def truncdiv(a: Value, b: Value) -> Value:
    """The quotient rounded towards zero, as C divides integers."""
    return np.floor_divide(a - np.fmod(a, b), b)
