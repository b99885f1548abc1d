"""Scratch: what an iteration has for itself leaves the program's memory, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Allocate, For, Program, Seq, Store
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower
from tvmlab.lower.scratch import STACK_BYTES, place_scratch
from tvmlab.schedule import Schedule


def smoothed(rows: int, columns: int) -> Schedule:
    """Sums of three neighbours of squares, row by row."""
    a = t.placeholder((rows, columns + 2), name="A")
    b = t.compute((rows, columns + 2), lambda y, x: a[y, x] * a[y, x], name="B")
    c = t.compute((rows, columns), lambda y, x: b[y, x] + b[y, x + 1] + b[y, x + 2], name="C")
    return t.create_schedule(c)


def on_stack(s: Schedule) -> dict[str, tuple[int, ...]]:
    """The shape of each intermediate that a lowered loop has of its own, by name."""
    found = [f.buffer for f in stmts(lower(s.mod).body) if isinstance(f, Allocate)]
    return {b.name: b.extents for b in found if b.scope == "local"}


def assert_right(s: Schedule) -> None:
    """The lowered program and the compiled kernel give what the formula says."""
    rows, columns = s.outputs[0].extents
    a = np.random.default_rng(0).integers(-4, 5, (rows, columns + 2)).astype(np.float32)
    squares = a * a
    expected = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    kernel = t.build(s)
    for run in (lambda *arrays: interpret(lower(s.mod), list(arrays)), kernel):
        out = np.full((rows, columns), np.nan, np.float32)
        run(a, out)
        assert np.array_equal(out, expected)


def test_a_row_of_each_iteration_is_on_the_stack() -> None:
    s = smoothed(8, 16)
    s["B"].compute_at("C", "y")
    s["C"].parallel("y")
    assert on_stack(s) == {"B": (1, 18)}
    assert lower(s.mod).buffers == ()
    assert_right(s)


@pytest.mark.parametrize("rows", [7, 11])
def test_a_tail_of_its_own_has_it_as_well(rows: int) -> None:
    s = smoothed(rows, 16)
    outer, _ = s["C"].split("y", 4)
    s["B"].compute_at("C", outer)
    s["C"].parallel(outer)
    assert on_stack(s) == {"B": (4, 18)}
    assert_right(s)


def test_what_the_stack_does_not_hold_stays_in_memory() -> None:
    s = smoothed(2, STACK_BYTES // 4)
    s["B"].compute_at("C", "y")
    s["C"].parallel("y")
    assert on_stack(s) == {}
    assert_right(s)


def test_what_is_made_before_the_loop_stays_in_memory() -> None:
    s = smoothed(8, 16)
    s["C"].parallel("y")
    assert on_stack(s) == {}
    assert_right(s)


def test_a_serial_loop_shares_one_row_as_before() -> None:
    s = smoothed(8, 16)
    s["B"].compute_at("C", "y")
    assert on_stack(s) == {}
    assert_right(s)


def through(columns: int, place: Expr, y: Var, count: int = 1) -> Program:
    """A parallel loop over y that copies a row by way of `count` buffers, read at `place`."""
    a, c = Buffer("A", (4, columns), "float32"), Buffer("C", (4, columns), "float32")
    between = [Buffer(f"T{n}", (4, columns), "float32") for n in range(count)]
    x, body, last = Var("x"), [], a
    for buffer in between:
        body.append(For(x, columns, Store(buffer, (y, x), Load(last, (y, x)))))
        last = buffer
    body.append(For(x, columns, Store(c, (y, x), Load(last, (place, x)))))
    return Program("p", [a, c], 1, between, For(y, 4, Seq(body), "parallel"))


def test_boxes_share_the_stack() -> None:
    y = Var("y")
    lowered = place_scratch(through(STACK_BYTES // 8, y, y, count=3))
    assert [b.name for b in lowered.buffers] == ["T2"]


def test_what_another_iteration_made_stays_in_memory() -> None:
    y = Var("y")
    for place in (Const(3, INDEX) - y, Const(3, INDEX), Const(0, INDEX)):
        program = through(8, place, y)
        assert place_scratch(program) is program
