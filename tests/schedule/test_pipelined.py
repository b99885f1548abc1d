"""Loops in stages, double buffers and virtual threads: lowered, they compute what they did."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

import tvmlab as t
from tests.schedule.test_kept import check
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower, lower_stages
from tvmlab.schedule import Schedule


def _three(rows: int = 7) -> Schedule:
    """P, Q and C, each a row of the one before it turned round, in one loop."""
    a = t.placeholder((rows, 8), name="A")
    p = t.compute((rows, 8), lambda y, x: a[y, x] + 1.0, name="P")
    q = t.compute((rows, 8), lambda y, x: p[y, 7 - x] * 2.0, name="Q")
    s = t.create_schedule(t.compute((rows, 8), lambda y, x: q[y, 7 - x] + p[y, x], name="C"))
    s["Q"].compute_at("C", "y")
    s["P"].compute_at("C", "y")
    return s


def _product() -> Schedule:
    """A product that copies a panel of B in each iteration of ko."""
    a, b = t.placeholder((24, 8), name="A"), t.placeholder((24, 16), name="B")
    k = t.reduce_axis((0, 24), name="k")
    s = t.create_schedule(
        t.compute((8, 16), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")
    )
    s["C"].split("k", 4)
    s["C"].reorder("ko", "y", "ki", "x")
    s["C"].cache_read("B")
    s["B_cache"].compute_at("C", "ko")
    return s


def _lowered_right(s: Schedule) -> None:
    """Every stage of lowering computes the same, read by read and element by element."""
    rng = np.random.default_rng(1)
    program = s.mod
    given = [rng.integers(-3, 4, b.extents).astype(np.float32) for b in program.params]
    wanted = [a.copy() for a in given]
    interpret(program, wanted)
    for name, stage in lower_stages(program):
        arrays = [a.copy() for a in given[: len(given) - program.outputs]]
        arrays += [np.full_like(a, 77) for a in given[len(given) - program.outputs :]]
        interpret(stage, arrays)
        assert np.array_equal(arrays[-1], wanted[-1]), name


@pytest.mark.parametrize("stages", [s for s in product(range(3), repeat=3) if min(s) == 0 < max(s)])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_stages_and_orders_are_right_or_refused(
    stages: tuple[int, ...], order: tuple[int, ...]
) -> None:
    s = _three()
    times = [(stages[n], order[n]) for n in range(3)]
    lines = (
        f's["C"].annotate("y", "software_pipeline_stage", {list(stages)})',
        f's["C"].annotate("y", "software_pipeline_order", {list(order)})',
    )
    if times != sorted(times):  # each statement needs those before it
        with pytest.raises(t.ScheduleError, match="would run before"):
            s.apply_python("\n".join(lines))
        return
    s.apply_python("\n".join(lines))
    _lowered_right(s)
    assert all(s.check())


def test_a_buffer_has_as_many_versions_as_iterations_hold_it() -> None:
    s = _three()
    s["C"].annotate("y", "software_pipeline_stage", [0, 1, 2])
    shapes = {b.name: b.extents for b in lower(s.mod).buffers}
    assert shapes == {"P": (3, 1, 8), "Q": (2, 1, 8)}


def test_what_is_filled_ahead_alternates_between_two_copies() -> None:
    s = _product()
    s["B_cache"].double_buffer("ko")
    assert "for ko in range(6, software_pipeline_stage=[0, 1]):" in str(s)
    (cache,) = [b for b in lower(s.mod).buffers if b.name == "B_cache"]
    assert cache.extents == (2, 4, 16)
    _lowered_right(s)
    assert all(s.check())
    assert str(t.parse_program(str(s))) == str(s)


def test_a_pipelined_fold_begins_once() -> None:
    s = _product()
    s["C"].decompose_reduction("ko")
    s["B_cache"].double_buffer("ko")
    s["C"].vectorize("x")
    _lowered_right(s)
    assert all(s.check())


def test_a_pipelined_loop_may_be_written_out_in_rounds() -> None:
    s = _product()
    s["B_cache"].double_buffer("ko")
    s["C"].annotate("ko", "unroll", 2)
    _lowered_right(s)
    assert all(s.check())


def test_later_steps_keep_the_statements_of_a_pipelined_loop() -> None:
    s = _product()
    s["B_cache"].double_buffer("ko")
    with pytest.raises(t.ScheduleError, match="needs a plain one"):
        s["C"].split("ko", 2)
    with pytest.raises(t.ScheduleError, match=r"software_pipeline_stage would no longer hold"):
        s["B_cache"].partition(s["B_cache"].loops[1], 2)
    s["C"].unannotate("ko", "software_pipeline_stage")
    s["C"].split("ko", 2)
    check(s)


def test_virtual_threads_interleave_and_have_buffers_of_their_own() -> None:
    s = _three(rows=10)
    s["C"].split("y", 5)
    s["C"].bind("yo", "vthread")
    low = lower(s.mod)
    assert {b.name: b.extents[0] for b in low.buffers} == {"P": 2, "Q": 2}
    loops = [f for f in stmts(low.body) if isinstance(f, For)]
    assert [(f.var.name, f.kind) for f in loops[:3]] == [
        ("yi", "serial"), ("x", "serial"), ("yo", "unrolled"),
    ]  # fmt: skip
    _lowered_right(s)
    assert all(s.check())


def test_virtual_threads_of_a_fold_share_its_loop() -> None:
    s = _product()
    s["C"].split("y", 4)
    s["C"].reorder("yo", "ko")
    s["C"].bind("yo", "vthread")
    s["C"].split("yi", 2)
    s["C"].bind("yio", "vthread")
    s["C"].vectorize("x")
    _lowered_right(s)
    assert all(s.check())


def test_virtual_threads_around_a_pipelined_loop() -> None:
    s = _three(rows=12)
    s["C"].split("y", 4)
    s["C"].bind("yo", "vthread")
    s["C"].annotate("yi", "software_pipeline_stage", [0, 0, 1])
    assert {b.name: b.extents[:2] for b in lower(s.mod).buffers} == {"P": (3, 2), "Q": (3, 2)}
    _lowered_right(s)
    assert all(s.check())


def test_what_a_loop_reads_and_does_not_store_stays_out_of_its_registers() -> None:
    """The steady part reads one version of P and folds into the other, both at fixed places."""
    a = t.placeholder((2, 6), name="A")
    k = t.reduce_axis((0, 6), name="k")
    p = t.compute((2,), lambda y: t.sum(a[y, k], axis=k), name="P")
    s = t.create_schedule(t.compute((2,), lambda y: p[y] * 2.0, name="C"))
    s["P"].compute_at("C", "y")
    s["C"].annotate("y", "software_pipeline_stage", [0, 1])
    s["C"].annotate("y", "software_pipeline_order", [1, 0])
    _lowered_right(s)
    assert all(s.check())


def test_virtual_threads_of_which_the_last_has_less_to_do() -> None:
    s = _three(rows=10)
    s["C"].split("y", 4)
    s["C"].bind("yo", "vthread")
    _lowered_right(s)
    assert all(s.check())
