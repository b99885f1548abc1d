"""Terms that a condition makes zero: what the step makes of them, and when it may."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.ir.interpret import interpret
from tvmlab.ir.parse import parse_program
from tvmlab.schedule import create_schedule


def convolution(dtype: str = "float32", finite: bool = True) -> t.Tensor:
    """Sums of three neighbours, zeros beside the eight there are."""
    a = t.placeholder((8,), dtype, name="A")
    w = t.placeholder((3,), dtype, name="W", finite=finite)
    k = t.reduce_axis((0, 3), name="k")
    zero = 0 if dtype == "int32" else 0.0
    p = t.compute((10,), lambda i: t.select((i >= 1) & (i < 9), a[i - 1], zero), name="P")
    return t.compute((8,), lambda i: t.sum(p[i + k] * w[k], axis=k), name="C")


@pytest.mark.parametrize(("dtype", "finite"), [("float32", True), ("int32", False)])
def test_the_condition_is_one_on_the_product(dtype: str, finite: bool) -> None:
    s = create_schedule(convolution(dtype, finite))
    s["P"].compute_inline()
    s["C"].skip_zeros()
    zero = "int32(0)" if dtype == "int32" else "0.0"
    line = str(s.mod).splitlines()[-1].strip()
    condition = "vi + vk >= 1 and vi + vk < 9"
    assert line == f"C[vi] = C[vi] + select({condition}, A[vi + vk - 1] * W[vk], {zero})"
    a, w = np.arange(1, 9).astype(dtype), np.array([3, 5, 7], dtype)
    result = np.zeros(8, dtype)
    interpret(s.mod, [a, w, result])
    assert np.array_equal(result, np.correlate(np.pad(a, 1), w))


def test_the_promise_is_part_of_the_program() -> None:
    program = create_schedule(convolution()).mod
    text = str(program)
    assert "W: finite(float32[3])" in text
    assert str(parse_program(text)) == text
    assert str(create_schedule(convolution(finite=False)).mod) != text


def test_a_copy_promises_nothing() -> None:
    s = create_schedule(convolution())
    s["P"].compute_inline()
    s["C"].cache_read("W")
    with pytest.raises(t.ScheduleError, match="W_cache is infinite"):
        s["C"].skip_zeros()


def test_factors_that_may_both_be_zero() -> None:
    a, w = t.placeholder((8,), name="A"), t.placeholder((8,), name="W", finite=True)
    k = t.reduce_axis((0, 8), name="k")
    c = t.compute(
        (1,),
        lambda i: t.sum(t.select(k < 5, a[k + i], 0.0) * t.select(k >= 2, w[k], 0.0) * 2.0, axis=k),
        name="C",
    )
    s = create_schedule(c)
    s["C"].skip_zeros()
    assert "select(vk < 5, A[vk + vi] * select(vk >= 2, W[vk], 0.0) * 2.0, 0.0)" in str(s.mod)


@pytest.mark.parametrize(
    ("narrow", "wide", "is_finite"), [("float16", "float32", True), ("float64", "float32", False)]
)
def test_factors_that_are_converted(narrow: str, wide: str, is_finite: bool) -> None:
    """What is finite stays so in a wider dtype; in a narrower one it may become infinite."""
    a, w = (t.placeholder((8,), narrow, name=n, finite=n == "W") for n in "AW")
    k = t.reduce_axis((0, 8), name="k")
    term = t.select(k < 5, a[k], t.const(0.0, narrow)).astype(wide) * w[k].astype(wide)
    s = create_schedule(t.compute((1,), lambda i: t.sum(term, axis=k), name="C"))
    if is_finite:
        s["C"].skip_zeros()
        assert "select(vk < 5, float32(A[vk]) * float32(W[vk]), 0.0)" in str(s.mod)
    else:
        with pytest.raises(t.ScheduleError, match="a factor is infinite"):
            s["C"].skip_zeros()
