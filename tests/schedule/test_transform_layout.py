"""Layouts at work: packing, NCHW to NCHW16c, padding, and what stands before and after."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.schedule.test_kept import check
from tvmlab.lower.pipeline import lower
from tvmlab.te.tensor import Tensor


def _matmul(m: int, n: int, k: int) -> Tensor:
    a = t.placeholder((k, m), name="A")
    b = t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="k")
    return t.compute((m, n), lambda y, x: t.sum(a[r, y] * b[r, x], axis=r), name="C")


def _conv2d() -> Tensor:
    data = t.placeholder((1, 20, 7, 6), name="data")
    weight = t.placeholder((24, 20, 3, 3), name="weight")
    c, i, j = (t.reduce_axis((0, e), name=n) for n, e in (("c", 20), ("i", 3), ("j", 3)))
    return t.compute(
        (1, 24, 5, 4),
        lambda n, o, y, x: t.sum(data[n, c, y + i, x + j] * weight[o, c, i, j], axis=(c, i, j)),
        name="out",
    )


def test_a_function_and_its_text_are_the_same_step() -> None:
    s = t.create_schedule(_matmul(8, 40, 8))
    s["C"].cache_read("B")
    s["B_cache"].transform_layout("B_cache", lambda k, x: (x // 16, k, x % 16))
    assert s.trace.lines[-1] == (
        's["B_cache"].transform_layout("B_cache", "k, x -> x // 16, k, x % 16")'
    )
    assert "B_cache = allocate(float32[3, 8, 16])" in str(s)
    check(s)


def test_a_panel_is_packed_where_its_tile_is_computed() -> None:
    """Lowered, nothing is left of the quotients and remainders."""
    s = t.create_schedule(_matmul(12, 40, 10))
    xo, xi = s["C"].split("x", 16)
    s["C"].reorder(xo, "k", "y", xi)
    s["C"].cache_read("B")
    s["B_cache"].compute_at("C", xo)
    s["B_cache"].transform_layout("B_cache", "k, x -> x // 16, k, x % 16")
    s["B_cache"].vectorize(s["B_cache"].loops[-1])
    s["C"].vectorize(xi)
    s["C"].parallel(xo)
    check(s)
    assert s.check()
    lowered = str(lower(s.mod))
    assert "//" not in lowered
    assert "%" not in lowered


def test_nchw_becomes_nchw16c_by_the_layouts_of_copies() -> None:
    """The seed program conv2d NCHW -> NCHWc: from the plain expression, by steps alone."""
    s = t.create_schedule(_conv2d())
    out = s["out"]
    out.cache_read("data")
    out.cache_read("weight")
    out.cache_write()
    s["data_cache"].transform_layout("data_cache", lambda n, c, y, x: (n, c // 16, y, x, c % 16))
    s["weight_cache"].transform_layout(
        "weight_cache", lambda o, c, i, j: (o // 16, c // 16, i, j, c % 16, o % 16)
    )
    out.transform_layout("out_cache", lambda n, c, y, x: (n, c // 16, y, x, c % 16))
    text = str(s)
    assert "data_cache = allocate(float32[1, 2, 7, 6, 16])" in text
    assert "weight_cache = allocate(float32[2, 2, 3, 3, 16, 16])" in text
    assert "out_cache = allocate(float32[1, 2, 5, 4, 16])" in text
    oo, oi = out.split("o", 16)
    co, ci = out.split("c", 16)
    out.reorder(oo, "y", co, "i", "j", ci, "x", oi)
    out.vectorize(oi)
    out.unroll("x")
    check(s)
    assert s.check()


def test_padding_is_neither_written_nor_read() -> None:
    """The interpreter refuses reads of what nothing has written, and writes outside a buffer."""
    a = t.placeholder((5, 7), name="A")
    p = t.compute((5, 7), lambda i, j: a[i, j] + 1, name="P")
    s = t.create_schedule(t.compute((5, 7), lambda i, j: p[i, j] * 2, name="C"))
    s["P"].transform_layout("P", "i, j -> j // 4, i // 2, j % 4, i % 2")
    s["C"].split("j", 4)
    check(s)


def test_a_layout_of_a_layout() -> None:
    a = t.placeholder((6, 8), name="A")
    p = t.compute((6, 8), lambda i, j: a[i, j] + 1, name="P")
    s = t.create_schedule(t.compute((6, 8), lambda i, j: p[i, j] * 2, name="C"))
    s["P"].transform_layout("P", "i, j -> j // 4, i, j % 4")
    s["P"].transform_layout("P", "a, b, c -> b, a * 4 + c")
    assert "P[vi, vj] = A[vi, vj] + 1.0" in str(s)
    check(s)


def test_iterations_that_share_a_packed_row_are_independent_all_the_same() -> None:
    """What 3 indices write is not all of the box that // and % of them span, but theirs alone."""
    a = t.placeholder((12,), name="A")
    p = t.compute((12,), lambda i: a[i] + 1, name="P")
    s = t.create_schedule(t.compute((12,), lambda i: p[i] * 2, name="C"))
    io, _ = s["C"].split("i", 3)
    s["P"].compute_at("C", io)
    s["P"].transform_layout("P", "i -> i // 4, i % 4")
    s["C"].parallel(io)
    check(s)


def test_partial_results_of_a_nest_with_padding_are_refused() -> None:
    a = t.placeholder((3, 5, 2), name="A")
    k, j = t.reduce_axis((0, 5), name="k"), t.reduce_axis((0, 2), name="j")
    s = t.create_schedule(t.compute((3,), lambda y: t.sum(a[y, k, j], axis=(k, j)), name="S"))
    s["S"].transform_block_layout("vy -> vy // 4, vy % 4")
    with pytest.raises(t.ScheduleError, match="acts under a condition"):
        s["S"].rfactor("j")
