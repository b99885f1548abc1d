"""Rounding to bfloat16, once.

NumPy's cast (ml_dtypes') takes a float64 or a wide integer to float32 first and rounds again from
there, which is wrong where the first rounding makes a tie. Rounding to odd in between mends that:
a float32 with its last bit set wherever something was lost is never a tie, and lies on the right
side of it (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ml_dtypes import bfloat16


def nearest(value: Any) -> np.generic:
    """The bfloat16 scalar nearest to a number, ties to even; infinity beyond its range.

    Args:
        value: a Python number, or a NumPy scalar of any dtype.
    """
    number = value.item() if isinstance(value, np.generic) else value
    with np.errstate(over="ignore"):
        near = np.float32(number)
    held = float(near)  # Python compares it with an integer exactly
    if held != number and held == held and not near.view(np.int32) & 1:
        near = np.nextafter(near, np.float32(np.inf if number > held else -np.inf))
    rounded: np.generic = bfloat16(near)
    return rounded


def bits(value: float) -> int:
    """The 16 bits of the bfloat16 nearest to `value`, as an unsigned integer."""
    return int(nearest(value).view(np.uint16))
