"""Blocks that change their place: what the tests of all steps do not say of the new places."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.schedule.test_kept import check
from tvmlab.ir import equal
from tvmlab.ir.expr import select
from tvmlab.te.tensor import Tensor


def _stages() -> t.Schedule:
    a = t.placeholder((10, 12), name="A")
    b = t.compute((10, 12), lambda y, x: a[y, x] + 1, name="B")
    c = t.compute((8, 12), lambda y, x: b[y, x] + b[y + 2, x], name="C")
    return t.create_schedule(t.compute((8, 12), lambda y, x: c[y, x] * 2, name="D"))


def test_compute_root_takes_back_both_ways_of_moving() -> None:
    s = _stages()
    before = s.mod
    s["B"].compute_at("C", "y")
    s["B"].compute_root()
    assert equal(s.mod, before)
    s["D"].reverse_compute_at("C", "y")
    s["D"].compute_root()
    assert equal(s.mod, before)


def test_a_block_goes_to_the_root_over_all_of_its_domain() -> None:
    """Only two of ten rows were computed in an iteration, in loops that had been cut."""
    s = _stages()
    yo, _ = s["C"].split("y", 3)
    s["B"].compute_at("C", yo)
    s["B"].vectorize("x")
    s["B"].compute_root()
    assert "for y in range(10):" in str(s)
    assert [str(loop) for loop in s["B"].loops] == ["y", "x"]
    check(s)


def _merged(c: Tensor) -> t.Schedule:
    """The schedule of `c` with its block merged into that of B."""
    s = t.create_schedule(c)
    s["C"].reverse_compute_inline("B")
    assert "C" not in [b.name for b in s.mod.buffers]
    check(s)
    return s


def _producer(*shape: int) -> Tensor:
    a = t.placeholder(shape, name="A")
    return t.compute(shape, lambda *i: a[i] + 1, name="B")


def test_an_index_map_is_turned_round() -> None:
    b = _producer(4, 6)
    transposed = _merged(t.compute((6, 4), lambda y, x: b[x, y] * 2, name="C"))
    assert "C[vi1, vi0] = " in str(transposed)
    flat = _merged(t.compute((24,), lambda i: b[i // 6, i % 6] * i.astype("float32"), name="C"))
    assert "C[vi0 * 6 + vi1] = " in str(flat)
    blocked = _merged(t.compute((2, 2, 6), lambda o, i, x: b[o * 2 + i, x] * 2, name="C"))
    assert "C[vi0 // 2, vi0 % 2, vi1] = " in str(blocked)


def test_where_only_a_part_is_read_only_that_is_computed() -> None:
    b = _producer(9, 6)
    part = _merged(t.compute((4, 6), lambda y, x: b[y + 3, x] * 2, name="C"))
    assert "where=i0 - 3 >= 0 and i0 - 3 < 4" in str(part)
    every_second = t.compute((2, 6), lambda y, x: b[y * 4 + 1, x] * 2, name="C")
    s = t.create_schedule(every_second)
    with pytest.raises(t.ScheduleError, match="does not read each element of B once: cannot prove"):
        s["C"].reverse_compute_inline("B")


def test_predicates_and_other_operands_come_along() -> None:
    b, bias = _producer(7, 6), t.placeholder((6,), name="bias")
    c = t.compute(
        (7, 6), lambda y, x: select(b[y, x] + bias[x] > 0, b[y, x] + bias[x], 0.0), name="C"
    )
    s = t.create_schedule(c)
    outer, _ = s["B"].split("i0", 4)
    s["B"].parallel(outer)
    s["C"].reverse_compute_inline("B")
    check(s)
    assert "where=" in str(s)


def test_an_element_read_several_times_stays_stored() -> None:
    b = _producer(5)
    s = t.create_schedule(t.compute((5, 3), lambda y, x: b[y] * 2, name="C"))
    with pytest.raises(t.ScheduleError, match="the map puts vx=0 and vx=1 in one place"):
        s["C"].reverse_compute_inline("B")
    padded = t.compute((7,), lambda y: select((y >= 1) & (y < 6), b[y - 1], 0.0), name="C")
    s = t.create_schedule(padded)
    with pytest.raises(t.ScheduleError, match="come from none of B"):
        s["C"].reverse_compute_inline("B")


def test_what_two_blocks_read_stays_stored() -> None:
    b = _producer(5)
    c = t.compute((5,), lambda y: b[y] * 2, name="C")
    s = t.create_schedule([c, t.compute((5,), lambda y: b[y] * 3, name="D")])
    with pytest.raises(t.ScheduleError, match="block D reads B as well"):
        s["C"].reverse_compute_inline("B")


def test_a_shifted_reader_follows_its_producer() -> None:
    b = _producer(9, 6)
    s = t.create_schedule(t.compute((7, 6), lambda y, x: b[y + 2, x] * 2, name="C"))
    outer, _ = s["B"].split("i0", 4)
    s["C"].reverse_compute_at("B", outer)
    check(s)
    padded = t.compute((10, 6), lambda y, x: select(y >= 1, b[y - 1, x], 0.0), name="C")
    s = t.create_schedule(padded)
    with pytest.raises(t.ScheduleError, match="some instances of C read no element of B"):
        s["C"].reverse_compute_at("B", "i0")


def test_a_window_is_no_element_though_another_index_is_a_variable() -> None:
    """The channel, of which there is one, is an index of its own; the column is not."""
    b = _producer(1, 10)
    c, w = t.reduce_axis((0, 1), name="c"), t.reduce_axis((0, 3), name="w")
    s = t.create_schedule(t.compute((8,), lambda x: t.sum(b[c, x + w], axis=[c, w]), name="C"))
    with pytest.raises(t.ScheduleError, match="C does not read B element for element"):
        s["C"].reverse_compute_at("B", "i1")


def test_a_fold_follows_what_writes_all_that_it_needs() -> None:
    b, k = _producer(5, 6), t.reduce_axis((0, 6), name="k")
    s = t.create_schedule(t.compute((5,), lambda y: t.sum(b[y, k], axis=k), name="C"))
    with pytest.raises(t.ScheduleError, match="folds over vk, and one iteration of i1 writes only"):
        s["C"].reverse_compute_at("B", "i1")
    s["C"].reverse_compute_at("B", "i0")
    check(s)
    s["B"].parallel("i0")
    assert all(s.check())


def test_threads_get_a_producer_of_their_own_where_indices_are_data() -> None:
    a, index = t.placeholder((20,), name="A"), t.placeholder((9,), "int32", name="I")
    b = t.compute((20,), lambda y: a[y] + 1, name="B")
    s = t.create_schedule(t.compute((9, 4), lambda y, x: b[index[y] % 20] + b[x], name="C"))
    s["C"].parallel("y")
    s["B"].compute_at("C", "y")
    assert 'B = allocate(float32[20], scope="local")' in str(s.lowered()), "on a thread's stack"
    assert all(s.check())


def test_a_part_of_a_block_does_not_become_all_of_it() -> None:
    """A partition leaves each part a producer of its own, which is written in part only."""
    a = t.placeholder((8,), name="A")
    p, _ = t.compute((8,), lambda y: (a[y] + 1, a[y] * 2), name=("P", "Q"))
    s = t.create_schedule(p)
    s["P"].cache_write()
    s["Q_store"].reverse_compute_at("P", "y")
    s["P"].partition("y", 1)
    with pytest.raises(t.ScheduleError, match="of which only a part is surely written"):
        s["Q_store"].compute_root()
