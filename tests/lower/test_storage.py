"""Intermediates shrink to what one iteration needs, and each thread keeps its own."""

from __future__ import annotations

import numpy as np

import tvmlab.te as te
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For, Program, Stmt
from tvmlab.ir.walk import rewrite
from tvmlab.lower import lower_stages
from tvmlab.lower.storage import shrink_storage
from tvmlab.measure.compare import compare
from tvmlab.schedule import Schedule, State
from tvmlab.te.evaluate import evaluate, random_inputs


def blur(rows: int = 14, columns: int = 10) -> Schedule:
    """Two stages, of which the second reads three rows of the first."""
    A = te.placeholder((rows + 2, columns), name="A")
    P = te.compute((rows + 2, columns), lambda y, x: A[y, x] * 2, name="P")
    C = te.compute((rows, columns), lambda y, x: P[y, x] + P[y + 1, x] + P[y + 2, x], name="C")
    return Schedule(State.start(C))


def shape_of(program: Program, name: str = "P") -> tuple[int, ...]:
    """The shape of a buffer between the parameters."""
    return next(b.extents for b in program.buffers if b.name == name)


def check(s: Schedule) -> None:
    """Every stage of lowering computes what the expression says, inside its buffers."""
    outputs = list(s.outputs)
    given = random_inputs(outputs, 0)
    (want,) = evaluate(outputs, given)
    for name, program in lower_stages(s.mod):
        result = np.full(want.value.shape, 77, program.params[-1].dtype)
        interpret(program, [*given.values(), result])
        assert compare(result, want.value, want.bound), name


def test_a_producer_inside_a_loop_keeps_one_iterations_box() -> None:
    s = blur()
    s["P"].compute_at("C", "y")
    assert shape_of(s.mod) == (16, 10)
    assert shape_of(shrink_storage(s.mod)) == (3, 10)
    check(s)


def test_inside_a_tile_the_halo_is_kept() -> None:
    s = blur()
    s["C"].split("y", 4)
    s["P"].compute_at("C", "yo")
    assert shape_of(shrink_storage(s.mod)) == (6, 10)
    check(s)


def test_an_origin_below_zero_is_counted_from_its_least() -> None:
    A = te.placeholder((12,), name="A")
    P = te.compute((12,), lambda i: A[i] * 2, name="P")
    C = te.compute((8,), lambda i: P[11 - i] + P[10 - i], name="C")
    s = Schedule(State.start(C))
    s["P"].compute_at("C", "i")
    assert shape_of(shrink_storage(s.mod)) == (2,)
    check(s)


def test_each_iteration_of_a_parallel_loop_has_a_box_of_its_own() -> None:
    s = blur()
    s["C"].split("y", 4)
    s["P"].compute_at("C", "yo")
    s["C"].parallel("yo")
    assert shape_of(shrink_storage(s.mod)) == (4, 6, 10)
    check(s)


def test_a_box_inside_a_serial_loop_of_a_parallel_one_still_belongs_to_the_thread() -> None:
    s = blur()
    s["C"].split("y", 4)
    s["P"].compute_at("C", "yi")
    s["C"].parallel("yo")
    assert shape_of(shrink_storage(s.mod)) == (4, 3, 10)
    check(s)


def test_lanes_do_not_own_what_they_share() -> None:
    """No step makes such a program, and none that makes one later shall be surprised."""
    s = blur()
    s["P"].compute_at("C", "y")

    def as_lanes(stmt: Stmt) -> Stmt | None:
        is_outer = isinstance(stmt, For) and stmt.var.name == "y"
        return stmt.replace(kind="vectorized") if is_outer else None

    program = s.mod.with_body(rewrite(s.mod.body, as_lanes))
    assert shape_of(shrink_storage(program)) == (16, 10)


def test_a_buffer_read_by_two_nests_stays_whole() -> None:
    A = te.placeholder((8,), name="A")
    P = te.compute((8,), lambda i: A[i] * 2, name="P")
    C = te.compute((8,), lambda i: P[i] + 1, name="C")
    D = te.compute((8,), lambda i: P[7 - i] + C[i], name="D")
    s = Schedule(State.start(D))
    s["C"].reverse_compute_at("P", "i")
    assert shape_of(shrink_storage(s.mod)) == (8,)
    check(s)
