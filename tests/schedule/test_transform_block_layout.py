"""A block's instances in another order: padded, folding, and then moved as any block is."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.schedule.test_kept import check
from tvmlab.ir.parse import parse_program
from tvmlab.schedule.primitives import ComputeInline
from tvmlab.te.tensor import Tensor


def _matmul(m: int, n: int, k: int) -> Tensor:
    a = t.placeholder((k, m), name="A")
    b = t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="k")
    return t.compute((m, n), lambda y, x: t.sum(a[r, y] * b[r, x], axis=r), name="C")


def test_a_packing_block_stores_over_its_own_variables_and_moves() -> None:
    s = t.create_schedule(_matmul(8, 32, 6))
    s["C"].cache_read("B")
    packing = "k, x -> x // 16, k, x % 16"
    s["B_cache"].transform_layout("B_cache", packing)
    s["B_cache"].transform_block_layout(packing)
    assert "B_cache[vp0, vp1, vp2] = B[vp1, vp0 * 16 + vp2]" in str(s)
    xo, xi = s["C"].split("x", 16)
    s["C"].reorder(xo, "k", "y", xi)
    s["B_cache"].compute_at("C", xo)
    assert s["B_cache"].loops == (xo, "p1", "p2")
    s["B_cache"].vectorize("p2")
    s["C"].vectorize(xi)
    check(s)
    assert s.check()


def test_instances_there_are_none_of_are_left_out() -> None:
    s = t.create_schedule(_matmul(5, 7, 3))
    s["C"].transform_block_layout(lambda y, x: (x // 4, y, x % 4))
    assert "where=p0 * 4 + p2 < 7" in str(s)
    check(s)
    assert s.check()


def test_folds_stay_innermost_and_start_anew_for_each_element() -> None:
    s = t.create_schedule(_matmul(4, 6, 5))
    s["C"].transform_block_layout("y, x -> x, y")
    assert s["C"].loops == ("p0", "p1", "k")
    s["C"].decompose_reduction("k")
    check(s)
    assert s.check()


@pytest.mark.parametrize("step", ['transform_block_layout("i -> i // 4, i % 4")', 'reindex("P")'])
def test_a_nest_that_runs_for_a_part_is_not_run_for_all(step: str) -> None:
    """Of the copy only the elements that are needed are made."""
    a = t.placeholder((14,), name="A")
    p = t.compute((14,), lambda i: a[i] + 1, name="P")
    s = t.create_schedule(t.compute((5,), lambda i: p[i + 2] * 2, name="C"))
    s["C"].cache_read("P")
    with pytest.raises(t.ScheduleError, match="cannot prove that P_cache runs for all values"):
        s.apply_python(f's["P_cache"].{step}')
    check(s)


def test_an_index_written_as_a_number_does_not_follow_the_padding() -> None:
    """Inlined, the sum's place of one row is `total[0]`, whatever the new variables are."""
    x = t.placeholder((1, 2), name="X")
    e = t.compute((1, 2), lambda y, j: t.exp(x[y, j]), name="E")
    k = t.reduce_axis((0, 2), name="k")
    total = t.compute((1,), lambda y: t.sum(e[y, k], axis=k), name="total")
    s = t.create_schedule(total)
    s["E"].compute_inline()
    with pytest.raises(t.ScheduleError, match="cannot prove the regions of total over the padding"):
        s["total"].transform_block_layout("y -> y // 4, y % 4")


def test_a_map_over_all_variables_numbers_the_terms_of_a_fold_too() -> None:
    """A convolution becomes a product of matrices: rows of kernels, columns of pixels."""
    a, w = t.placeholder((2, 3, 6, 7), name="A"), t.placeholder((4, 3, 3, 2), name="W")
    c, h, v = (t.reduce_axis((0, e), name=n) for n, e in (("c", 3), ("h", 3), ("v", 2)))
    conv = t.compute(
        (2, 4, 4, 6),
        lambda n, o, y, x: t.sum(a[n, c, y + h, x + v] * w[o, c, h, v], axis=(c, h, v)),
        name="C",
    )
    after = t.compute((2, 4, 4, 6), lambda n, o, y, x: conv[n, o, y, x] + 1.0, name="D")
    s = t.create_schedule(after)
    s["C"].transform_block_layout("n, o, y, x, c, h, v -> o, n * 24 + y * 6 + x, c * 6 + h * 2 + v")
    assert s["C"].loops == ("p0", "p1", "p2")
    assert "vp2=reduce(p2)" in str(s)
    for buffer in ("A", "W", "C"):
        s["C"].reindex(buffer)
    assert "C_reindex[vp0, vp1] + A_reindex[vp1, vp2] * W_reindex[vp0, vp2]" in str(s)
    s["C_reindex"].transform_block_layout("o, p -> p // 24, o, p // 6 % 4, p % 6")
    s["C_reindex"].compute_inline()
    s["D"].transform_block_layout("n, o, y, x -> o, n * 24 + y * 6 + x")
    assert "= C_reindex[vp0, vp1] + 1.0" in str(s), "digits of a number are put together"
    check(s)
    assert s.check()


def test_what_has_one_image_is_inlined_as_well() -> None:
    a = t.placeholder((1, 6), name="A")
    b = t.compute((1, 6), lambda n, i: a[n, i] * 2.0, name="B")
    s = t.create_schedule(t.compute((1, 6), lambda n, i: b[n, 5 - i] + 1.0, name="C"))
    s["B"].transform_block_layout("n, i -> n * 6 + i")
    s["B"].transform_block_layout("p -> p // 6, p % 6")
    s["B"].compute_inline()
    assert s.blocks == ["C"]
    assert s.check()


def test_a_value_of_the_one_image_is_not_inlined_without_its_number() -> None:
    text = """
def C(A: float32[1, 6], C: float32[1, 6]):
    B = allocate(float32[1, 6])
    for i in range(6):
        with block("B", vn=0, vi=i):
            B[0, vi] = A[vn, vi] * 2.0
    for i in range(6):
        with block("C", vn=0, vi=i):
            C[vn, vi] = B[vn, 5 - vi] + 1.0
"""
    refusal = ComputeInline("B").check(parse_program(text))
    assert refusal is not None
    assert "does not write one element for each of its indices" in refusal.why
    assert ComputeInline("B").check(parse_program(text.replace("A[vn,", "A[0,"))) is None
