"""Arrays that kernels read and write fastest: each begins where a line of the caches does.

A vector load that crosses two lines takes twice as long, and NumPy begins arrays at multiples of
16 bytes only. Kernels take any array; with these a product that streams its weights takes three
quarters of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ir import dtypes

ALIGNMENT = 64
"""Bytes that addresses are multiples of: a line of the caches, and the widest vector register."""

MOST_BYTES = 1 << 47
"""What a process can address: no array is larger on any machine."""


def empty(shape: int | Sequence[int], dtype: str = "float32") -> np.ndarray:
    """A new array of any values, stored by rows, at an address that suits kernels.

    Args:
        shape: extents from 0.
        dtype: one that tensors may have.

    Raises:
        UsageError: an extent is not a whole number from 0, or no machine could hold so many.
        ExpressionError: no such dtype.
    """
    extents = tuple(shape) if isinstance(shape, Sequence) else (shape,)
    for extent in extents:
        if isinstance(extent, bool) or not isinstance(extent, int | np.integer) or extent < 0:
            raise UsageError(f"an array has no extent of {extent!r}; give whole numbers from 0.")
    kind = np.dtype(dtypes.check_dtype(dtype))
    size_bytes = prod(extents) * kind.itemsize
    if size_bytes > MOST_BYTES:
        raise UsageError(f"an array of {size_bytes:.3g} bytes is more than any machine holds.")
    memory = np.empty(size_bytes + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    return memory[begin : begin + size_bytes].view(kind).reshape(extents)
