"""Steps on loops whose extents are over sizes: predicates kept, every value right, or refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tvmlab as t
from tests.fuzz.test_schedules import judge_sized, judge_state
from tvmlab.analysis.work import work_of
from tvmlab.arith.inside import verify_inside
from tvmlab.ir.shapes import sizes_of
from tvmlab.schedule import STEPS
from tvmlab.te.tensor import Tensor

n, m, k = t.var("n"), t.var("m"), t.var("k", 1, 64)


def product() -> Tensor:
    a, b = t.placeholder((m, k), name="A"), t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="r")
    c = t.compute((m, n), lambda y, x: t.sum(a[y, r] * b[r, x], axis=r), name="C")
    return t.compute((m, n), lambda y, x: t.exp(c[y, x] * 0.5) + 1.0, name="D")


def rows() -> Tensor:
    a = t.placeholder((n * 8, 8), name="A")
    z = t.placeholder((n,), name="Z")
    b = t.compute((n * 8, 8), lambda y, x: a[y, x] + z[y // 8], name="B")
    return t.compute((n * 8,), lambda y: b[y, 0] + b[y, 7], name="S")


def lines(s: t.Schedule) -> list[str]:
    return [line.strip() for line in str(s).splitlines()]


def test_a_split_keeps_its_predicate() -> None:
    s = t.create_schedule(product())
    s["D"].split("x", 16)
    assert "for xo in range((n + 15) // 16):" in lines(s)
    assert 'with block("D", vy=y, vx=xo * 16 + xi, where=xo * 16 + xi < n):' in lines(s)


def test_a_split_that_surely_divides_has_none() -> None:
    s = t.create_schedule(rows())
    s["B"].split("y", 8)
    assert "for yo in range(n):" in lines(s)
    assert 'with block("B", vy=yo * 8 + yi, vx=x):' in lines(s)
    s.undo()
    s["B"].split("y", 16)
    assert "for yo in range((n + 1) // 2):" in lines(s)
    assert any("where=yo * 16 + yi < n * 8" in line for line in lines(s))


def test_a_split_into_parts_has_an_extent_over_sizes_inside() -> None:
    s = t.create_schedule(product())
    s["D"].split("x", nparts=4)
    assert "for xi in range((n + 3) // 4):" in lines(s)
    assert any("where=xo * ((n + 3) // 4) + xi < n" in line for line in lines(s))


def test_fused_loops_divide_by_a_size() -> None:
    s = t.create_schedule(product())
    s["D"].fuse("y", "x")
    assert "for yx in range(m * n):" in lines(s)
    assert 'with block("D", vy=yx // n, vx=yx % n):' in lines(s)
    verify_inside(s.mod, strict=True)


def test_a_producer_moves_with_the_box_that_is_read() -> None:
    s = t.create_schedule(product())
    s["D"].split("y", 4)
    s["C"].compute_at("D", "yo")
    assert lines(s)[3:5] == ["for y in range(4):", "for x in range(n):"]
    assert any("where=yo * 4 + y < m" in line for line in lines(s))
    assert "C = allocate(float32[4, n])" in str(s.lowered())


Scheduling = Callable[[t.Schedule], object]


def tiled(s: t.Schedule) -> None:
    yo, xo, yi, xi = s["C"].tile("y", "x", 4, 8)
    s["C"].reorder(yo, xo, "r", yi, xi)
    s["C"].unroll(yi)
    s["C"].vectorize(xi)
    s["C"].parallel(yo)


def fused(s: t.Schedule) -> None:
    s["D"].parallel(s["D"].fuse("y", "x"))
    s["C"].vectorize(s["C"].split(s["C"].fuse("y", "x"), 8)[1])


def cached(s: t.Schedule) -> None:
    s["C"].cache_write()
    s["C"].cache_read("B")
    yo, _ = s["C_store"].split("i0", 3)
    s["C"].compute_at("C_store", yo)


def partial(s: t.Schedule) -> None:
    s["C"].reorder("r", "y", "x")
    s["C"].decompose_reduction("r")
    s["C_init"].vectorize(s["C_init"].split("x", 8)[1])


def shared(s: t.Schedule) -> None:
    yo, _ = s["D"].split("y", 4)
    s["D"].parallel(yo)
    s["C"].compute_at("D", yo)


def consumed(s: t.Schedule) -> None:
    s["C"].split("x", 5)
    s["D"].reverse_compute_at("C", "xo")


@pytest.mark.parametrize("schedule", [tiled, fused, cached, partial, shared, consumed])
def test_schedules_are_right_at_every_size(schedule: Scheduling) -> None:
    s = t.create_schedule(product())
    schedule(s)
    verify_inside(s.mod, strict=True)
    for seed in range(3):
        judge_state(s.state, seed * 8)
    found = s.check(n=(1, 2, 7, 16, 33), m=(1, 5, 8), k=(3, 16))
    assert len(found) == 5
    assert all(found)


def test_loops_that_read_what_comes_later_are_not_merged() -> None:
    a = t.placeholder((n,), name="A")
    b = t.compute((n,), lambda i: a[i] * 2.0, name="B")
    s = t.create_schedule(t.compute((n,), lambda i: b[n - 1 - i] + b[i], name="C"))
    with pytest.raises(t.ScheduleError, match=r"would run before B in i=\d, and both touch B\["):
        s["B"].merge("i", "C", "i")
    s = t.create_schedule(t.compute((n,), lambda i: b[i] + 1.0, name="D"))
    s["B"].merge("i", "D", "i")
    assert all(s.check())


def test_partial_results_are_over_sizes() -> None:
    a = t.placeholder((n * 4,), name="A")
    z = t.placeholder((n,), name="Z")
    r = t.reduce_axis((0, n * 4), name="r")
    s = t.create_schedule(t.compute((1,), lambda i: t.sum(a[r] * z[r // 4], axis=r), name="B"))
    s["B"].split("r", 4)
    s["B"].rfactor("ro")
    assert "B_partial = allocate(float32[1, n])" in lines(s)
    assert all(s.check())


def test_a_trace_of_sizes_replays() -> None:
    tensor = product()
    s = t.create_schedule(tensor)
    tiled(s)
    assert t.replay(tensor, s.trace.to_json()).mod is s.mod or str(
        t.replay(tensor, s.trace.to_json())
    ) == str(s)


def test_a_schedule_at_one_size_has_numbers_only() -> None:
    s = t.create_schedule(product())
    tiled(s)
    known = t.specialise(s, n=32, m=16, k=8)
    assert isinstance(known, t.Schedule)
    assert "for xo in range(4):" in lines(known)
    assert sizes_of(known.mod) == ()
    assert all(known.check())
    with pytest.raises(t.UsageError, match="the value of m is known only at a call"):
        t.specialise(s, n=32, k=8)
    with pytest.raises(t.UsageError, match=r"how much D does depends on m, k, n; give them"):
        work_of(s.mod)


def test_a_trace_found_at_one_size_serves_all() -> None:
    tensor = product()
    s = t.create_schedule(t.specialise(tensor, n=32, m=16, k=8))
    tiled(s)
    steps = [step.to_json() for step in s.trace.steps]
    assert all(t.replay(tensor, steps).check())


def test_every_step_has_an_answer_at_every_loop() -> None:
    s = t.create_schedule(product())
    shared(s)
    offered = 0
    for block, loop in [("C", "y"), ("C", "x"), ("C", "r"), ("D", "yi"), ("D", "x"), ("D", "yo")]:
        for step in STEPS.values():
            offered += len(step.moves(s.mod, block, loop))
    assert offered > 20


def test_a_factor_may_be_left_open_and_divisors_may_not() -> None:
    s = t.create_schedule(product())
    s["D"].split("x", t.hole("f", [2, 4, 8]))
    assert all(s.check())
    with pytest.raises(t.ScheduleError, match="the extent m is known only at a call, and has no"):
        s["D"].split("y", t.sample_perfect_tile("y", 2))


def test_recurrences_and_several_results_over_sizes() -> None:
    x, state = t.placeholder((5, n), name="X"), t.placeholder((5, n), name="S")
    start = t.compute((1, n), lambda _, i: x[0, i], name="start")
    step = t.compute((5, n), lambda s, i: state[s - 1, i] * 0.5 + x[s, i], name="step")
    assert all(t.create_schedule(t.scan(start, step, state)).check())
    a = t.placeholder((m, n), name="A")
    r = t.reduce_axis((0, n), name="r")
    both = t.compute((m,), lambda y: t.argmax((r, a[y, r]), axis=r), name=("I", "V"))
    s = t.create_schedule(list(both))
    s["I"].split("r", 8)
    s["I"].parallel(s["I"].split("y", 4)[0])
    assert all(s.check())


def test_new_loops_do_not_take_the_names_of_sizes() -> None:
    xo = t.var("xo")
    a = t.placeholder((xo,), name="A")
    s = t.create_schedule(t.compute((xo,), lambda x: a[x] + 1.0, name="B"))
    assert s["B"].split("x", 4) == ["xo_1", "xi"] or "for xo_1 in" in str(s)
    assert str(t.parse_program(str(s))) == str(s)
    assert sizes_of(s.mod)[0] is xo


@pytest.mark.parametrize("seed", range(24))
def test_random_schedules_over_sizes(seed: int) -> None:
    judge_sized(seed)


def test_outputs_are_compared_at_each_value() -> None:
    s = t.create_schedule(product())
    assert [r.elements for r in s.check(n=(2, 3), m=4, k=1)] == [8, 12]  # type: ignore[union-attr]
    assert len(s.check()) == 5
    with pytest.raises(t.UsageError, match=r"there is no size 'q'; there are m, k, n\."):
        s.check(q=3)
    with pytest.raises(t.UsageError, match=r"k = 65 was given, and k is at most 64\."):
        s.check(k=(1, 65))
    with pytest.raises(t.UsageError, match="the value of m, k is known only at a call; give one"):
        s.time(n=3)
    assert s.time(n=3, m=2, k=1).median_s > 0
    with pytest.raises(t.UsageError, match="the value of m, k, n is known only at a call"):
        t.tune(s)


def test_a_mistake_of_one_size_is_told_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    s = t.create_schedule(product())
    monkeypatch.setattr("tvmlab.measure.function.Function.__call__", lambda self, *arrays: None)
    wrong = s.check(n=2, m=1, k=1)[0]
    assert not wrong
    assert "of D at n = 2, m = 1, k = 1 are wrong" in str(wrong) or "D at " in str(wrong)
    assert np.isfinite(wrong.bound)  # type: ignore[union-attr]


def test_loops_over_a_size_that_read_backwards_are_not_merged() -> None:
    a = t.placeholder((m,), name="A")
    b = t.compute((m,), lambda y: a[y] + 1.0, name="B")
    s = t.create_schedule(t.compute((m,), lambda y: b[m - 1 - y] * 2.0, name="C"))
    with pytest.raises(t.ScheduleError, match=r"both touch B\[1\]"):
        s["B"].merge("y", "C", "y")
    forwards = t.create_schedule(t.compute((m,), lambda y: b[y] * 2.0, name="C"))
    forwards["B"].merge("y", "C", "y")
