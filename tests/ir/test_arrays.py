"""Arrays for kernels: where they begin, and what cannot be one."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.te.evaluate import random_inputs


@pytest.mark.parametrize("shape", [(), (1,), 7, (3, 1021), (512, 513), (0, 4)])
@pytest.mark.parametrize("dtype", ["bool", "int8", "bfloat16", "float32", "float64"])
def test_an_array_begins_at_a_line_and_is_ones_own(shape: tuple[int, ...], dtype: str) -> None:
    array = t.empty(shape, dtype)
    assert array.shape == np.empty(shape).shape
    assert array.dtype.name == dtype
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert array.ctypes.data % 64 == 0 or not array.size  # of no elements NumPy gives no address
    others = [t.empty(shape, dtype) for _ in range(4)]
    assert not any(np.shares_memory(array, other) for other in others)


def test_float32_is_what_is_meant_where_nothing_is_said() -> None:
    assert t.empty(3).dtype == np.float32
    assert t.empty(3, np.float64).dtype == np.float64


@pytest.mark.parametrize("shape", [-1, (2, -3), (2.0,), ("4",), (True,)])
def test_no_extent(shape: object) -> None:
    with pytest.raises(t.UsageError, match="an array has no extent of"):
        t.empty(shape)  # type: ignore[arg-type]


def test_no_dtype() -> None:
    with pytest.raises(t.ExpressionError, match="dtype 'int7' is not known"):
        t.empty(3, "int7")


@pytest.mark.parametrize("size", [5, 1 << 20], ids=["small", "mapped"])
def test_what_is_made_for_kernels_begins_so(size: int) -> None:
    a = t.placeholder((size,), name="A")
    given = random_inputs(t.compute((size,), lambda i: a[i] + 1, name="B"), seed=0)
    assert given["A"].ctypes.data % 64 == 0
    known = t.graph.constant(np.ones(size)).value
    assert known is not None
    assert known.ctypes.data % 64 == 0
