"""The headline's third program: the product in 8 x 8 x 8 instructions."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.ir import equal
from tvmlab.ir.instruction import declare
from tvmlab.te.tensor import Tensor


def _product(n: int = 32, batch: bool = False) -> Tensor:
    lead = (3,) if batch else ()
    a = t.placeholder((*lead, n, n), name="A")
    b = t.placeholder((*lead, n, n), name="B")
    k = t.reduce_axis((0, n), name="k")
    if batch:
        return t.compute(
            (3, n, n), lambda i, y, x: t.sum(a[i, k, y] * b[i, k, x], axis=k), name="C"
        )
    return t.compute((n, n), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


def test_the_headline_program() -> None:
    c = _product()
    s = t.create_schedule(c)
    _, _, _, yi, _, _ = s[c].tile("y", "x", "k", 8, 8, 8)
    s[c].tensorize(yi, t.intrin.gemm8x8)
    assert str(s).splitlines()[1:] == [
        "    for yo in range(4):",
        "        for xo in range(4):",
        "            for ko in range(4):",
        '                with block("C", vy=yo, vx=xo, vk=reduce(ko)):',
        "                    with init():",
        "                        fill_zero(C[vy * 8, vx * 8])",
        "                    fused_gemm8x8_add(C[vy * 8, vx * 8], A[vk * 8, vy * 8], "
        "B[vk * 8, vx * 8])",
    ]
    assert all(s.check())
    assert equal(t.replay(c, s.trace.to_json()).mod, s.mod)


def test_factors_may_stand_in_either_order_and_loops_in_any() -> None:
    a = t.placeholder((16, 16), name="A")
    b = t.placeholder((16, 16), name="B")
    k = t.reduce_axis((0, 16), name="k")
    c = t.compute((16, 16), lambda y, x: t.sum(b[k, x] * a[k, y], axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].tile("y", "x", "k", 8, 8, 8)
    s["C"].reorder("ki", "xi", "yi")
    s["C"].tensorize("ki", "gemm8x8")
    assert "fused_gemm8x8_add(C[vy * 8, vx * 8], A[vk * 8, vy * 8], B[vk * 8, vx * 8])" in str(s)
    assert all(s.check())


def test_a_batch_dimension_stays_outside() -> None:
    c = _product(batch=True)
    s = t.create_schedule(c)
    s[c].tile("y", "x", "k", 8, 8, 8)
    s[c].tensorize("yi", "gemm8x8")
    assert "fused_gemm8x8_add(C[vi, vy * 8, vx * 8]" in str(s)
    assert all(s.check())


@pytest.mark.parametrize("batch", [False, True])
def test_outer_loops_can_be_scheduled_afterwards(batch: bool) -> None:
    c = _product(batch=batch)
    s = t.create_schedule(c)
    s[c].tile("y", "x", "k", 8, 8, 8)
    s[c].tensorize("yi", "gemm8x8")
    s[c].parallel("yo")
    s[c].split("xo", 2)
    s[c].reorder("ko", "xoo", "xoi")
    assert all(s.check())


def test_a_product_not_transposed_is_something_else() -> None:
    a = t.placeholder((16, 16), name="A")
    b = t.placeholder((16, 16), name="B")
    k = t.reduce_axis((0, 16), name="k")
    c = t.compute((16, 16), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].tile("y", "x", "k", 8, 8, 8)
    with pytest.raises(t.ScheduleError, match="computes something else"):
        s["C"].tensorize("yi", "gemm8x8")


def test_a_strided_access_is_something_else() -> None:
    a = t.placeholder((16, 32), name="A")
    b = t.placeholder((16, 16), name="B")
    k = t.reduce_axis((0, 16), name="k")
    c = t.compute((16, 16), lambda y, x: t.sum(a[k, 2 * y] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].tile("y", "x", "k", 8, 8, 8)
    with pytest.raises(t.ScheduleError, match="computes something else"):
        s["C"].tensorize("yi", "gemm8x8")


def test_a_second_declaration_of_a_name_is_refused() -> None:
    with pytest.raises(t.UsageError, match="already"):
        declare(t.intrin.gemm8x8)
