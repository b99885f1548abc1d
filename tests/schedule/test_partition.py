"""Loops cut into parts: nothing lost, nothing twice, and each part as free as the whole was."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.ir.program import TRUE, For
from tvmlab.ir.walk import blocks, stmts
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site


def _sum(rows: int = 10, columns: int = 12) -> Schedule:
    a = t.placeholder((rows, columns), name="A")
    k = t.reduce_axis((0, columns), name="k")
    return t.create_schedule(t.compute((rows,), lambda y: t.sum(a[y, k], axis=k), name="S"))


def _chain() -> Schedule:
    a = t.placeholder((10, 8), name="A")
    p = t.compute((10, 8), lambda y, x: a[y, x] + 1.0, name="P")
    return t.create_schedule(t.compute((10, 8), lambda y, x: p[y, x] * 2.0, name="C"))


def test_the_parts_cover_the_iterations_and_start_at_zero() -> None:
    s = _sum()
    s["S"].partition("y", [1, 4, -1])
    parts = [f for f in stmts(s.mod.body) if isinstance(f, For) and f.var.name == "y"]
    assert [f.extent for f in parts] == [1, 3, 5, 1]
    assert [b.name for b in blocks(s.mod.body)] == ["S", "S_1", "S_2", "S_3"]
    assert all(s.check())


def test_a_fold_that_goes_on_does_not_begin_anew() -> None:
    s = _sum()
    s["S"].partition("k", [3, 7])
    assert [b.init is not None for b in blocks(s.mod.body)] == [True, False, False]
    assert all(s.check())


@pytest.mark.parametrize("order", [("ko", "ki", "y"), ("ki", "y", "ko"), ("y", "ki", "ko")])
@pytest.mark.parametrize("loop", ["ko", "ki"])
def test_a_fold_in_two_loops_is_cut_in_either(order: tuple[str, ...], loop: str) -> None:
    s = _sum()
    s["S"].split("k", 4)
    s["S"].reorder(*order)
    s["S"].partition(loop, 2)
    assert [b.init is not None for b in blocks(s.mod.body)] == [True, False]
    assert all(s.check())


def test_the_tail_keeps_the_predicate_and_the_rest_loses_it() -> None:
    s = _sum(rows=100)
    s["S"].split("y", 16)
    s["S"].partition("yo")
    first, tail = blocks(s.mod.body)
    assert first.where is TRUE or str(first.where) == str(TRUE)
    assert "where=yi + 96 < 100" in str(s)
    s["S"].vectorize("yi")
    s["S_1"].partition("yi")  # of the tail only its first four iterations do anything
    assert find_site(s.mod, tail.name).loop("yi").extent == 4  # type: ignore[union-attr]
    assert all(s.check())


def test_each_part_has_intermediates_of_its_own_and_so_stays_parallel() -> None:
    s = _chain()
    s["P"].compute_at("C", "y")
    s["C"].partition("y", 6)
    assert [b.name for b in s.mod.buffers] == ["P", "P_2"]
    s["C"].parallel("y")
    s["C_1"].parallel("y")
    assert all(s.check())


def test_a_part_alone_is_not_all_that_a_reader_needs() -> None:
    s = _chain()
    s["P"].partition("y", 6)
    with pytest.raises(t.ScheduleError, match="block P writes elements of P that P_1 does not"):
        s["C"].reverse_compute_at("P_1", "y")
    with pytest.raises(t.ScheduleError, match="block P_1 writes elements of P that P does not"):
        s["C"].reverse_compute_at("P", "y")


def test_a_part_of_a_sum_does_not_take_the_other_parts_terms() -> None:
    """Made anew at its producer, the first part would fold over all, and the second again."""
    a, k = t.placeholder((5, 11), name="A"), t.reduce_axis((0, 11), name="k")
    b = t.compute((5, 11), lambda y, x: a[y, x] * 2, name="B")
    s = t.create_schedule(t.compute((5,), lambda y: t.sum(b[y, k], axis=k), name="C"))
    s["C"].partition("k", -1)
    with pytest.raises(t.ScheduleError, match="block C_1 writes C as well"):
        s["C"].reverse_compute_at("B", "i0")


@pytest.mark.parametrize("call", ['partition("y", 0)', 'partition("y", -10)', 'partition("y", [])'])
def test_no_empty_part(call: str) -> None:
    s = _sum()
    with pytest.raises(t.ScheduleError):
        s.apply_python(f's["S"].{call}')
