"""Buffers indexed by a block's own variables: windows side by side, operands turned round."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.schedule.test_kept import check
from tvmlab.te.tensor import Tensor


def _conv(guarded: bool = False) -> Tensor:
    data = t.placeholder((3, 9), name="D")
    weight = t.placeholder((4, 3, 3), name="W")
    c, k = t.reduce_axis((0, 3), name="c"), t.reduce_axis((0, 3), name="k")
    if guarded:
        return t.compute(
            (4, 9),
            lambda o, x: t.sum(
                t.select((x + k >= 1) & (x + k < 10), data[c, x + k - 1], 0.0) * weight[o, c, k],
                axis=(c, k),
            ),
            name="C",
        )
    return t.compute(
        (4, 7), lambda o, x: t.sum(data[c, x + k] * weight[o, c, k], axis=(c, k)), name="C"
    )


def test_windows_of_a_convolution_stand_side_by_side() -> None:
    s = t.create_schedule(_conv())
    s["C"].reindex("D")
    s["C"].reindex("W")
    s["C"].reindex("C")
    assert "D_reindex = allocate(float32[7, 3, 3])" in str(s)
    assert "D_reindex[vx, vc, vk] = D[vc, vx + vk]" in str(s)
    assert (
        "C_reindex[vo, vx] = C_reindex[vo, vx] + D_reindex[vx, vc, vk] * W_reindex[vo, vc, vk]"
        in str(s)
    )
    s["D_reindex"].compute_at("C", "x")
    check(s)
    assert s.check()


def test_a_transposed_operand_comes_in_the_order_of_the_loops() -> None:
    a, b = t.placeholder((8, 16), name="A"), t.placeholder((8, 16), name="B")
    r = t.reduce_axis((0, 8), name="k")
    c = t.compute((16, 16), lambda y, x: t.sum(a[r, y] * b[r, x], axis=r), name="C")
    s = t.create_schedule(c)
    s["C"].reindex("A")
    assert "A_reindex[vy, vk] = A[vk, vy]" in str(s)
    s["C"].split("x", 8)
    s["A_reindex"].parallel("y")
    check(s)
    assert s.check()


def test_what_is_read_under_a_guard_may_be_outside() -> None:
    s = t.create_schedule(_conv(guarded=True))
    with pytest.raises(t.ScheduleError, match="cannot prove that C finds"):
        s["C"].reindex("D")
    s["C"].reindex("W")
    check(s)


def test_an_index_that_is_data_is_not_proved_inside() -> None:
    table = t.placeholder((5, 4), name="T")
    index = t.placeholder((3,), "int32", name="I")
    s = t.create_schedule(t.compute((3, 4), lambda y, x: table[index[y], x], name="G"))
    with pytest.raises(t.ScheduleError, match="cannot prove that G finds"):
        s["G"].reindex("T")


def test_a_read_that_was_simplified_away_has_no_place() -> None:
    a, b = t.placeholder((8,), name="A"), t.placeholder((8,), name="B")
    s = t.create_schedule(t.compute((8,), lambda x: t.select(x < x + 1, a[x], b[x]), name="C"))
    s["C"].transform_block_layout("x -> x // 4, x % 4")
    assert "B[" not in str(s).splitlines()[-1]
    with pytest.raises(t.ScheduleError, match="makes no access of B any more"):
        s["C"].reindex("B")
