"""Where a reduction's first value is set."""

from __future__ import annotations

import numpy as np

import tvmlab.te as te
from tests.lower.programs import product, row_sum, start
from tvmlab.ir import Program, text
from tvmlab.ir.expr import Const, Var
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Block, For, Seq
from tvmlab.ir.walk import blocks, rewrite, stmts
from tvmlab.lower import lower
from tvmlab.lower.initialise import initialise
from tvmlab.schedule import Schedule


def lines(program: Program) -> list[str]:
    """The program's lines, without what stands before the first loop."""
    return [line.strip() for line in text(program).splitlines() if "def " not in line]


def set_before(s: Schedule) -> list[str]:
    return lines(initialise(s.mod))


def test_the_nest_stands_before_the_outermost_reduction_loop() -> None:
    s = product(8, 8, 8)
    ko, _ki = s["C"].split("k", 4)
    s["C"].reorder("y", ko, "x")
    found = set_before(s)
    assert found[:4] == [
        "for y in range(8):",
        "for x in range(8):",
        'with block("C", vy=y, vx=x):',
        "C[vy, vx] = 0.0",
    ]
    assert found[4] == "for ko in range(2):"
    assert not any(b.init for b in blocks(initialise(s.mod).body))


def test_copied_loops_keep_their_kind_and_get_a_variable_of_their_own() -> None:
    s = product(8, 8, 8)
    s["C"].reorder("k", "y", "x")
    s["C"].vectorize("x")
    s["C"].parallel("y")
    body = initialise(s.mod).body
    assert isinstance(body, Seq)
    nest, rest = body.stmts
    kinds = [x.kind for x in stmts(nest) if isinstance(x, For)]
    assert kinds == ["parallel", "vectorized"]
    own = {x.var for x in stmts(nest) if isinstance(x, For)}
    assert not own & {x.var for x in stmts(rest) if isinstance(x, For)}


def test_only_the_spatial_part_of_a_predicate_guards_the_start() -> None:
    s = product(7, 8, 9)
    yo, yi = s["C"].split("y", 4)
    ko, ki = s["C"].split("k", 4)
    s["C"].reorder(yo, ko, yi, ki, "x")
    start, rest = blocks(initialise(s.mod).body)
    assert repr(start.where) == "(((yo * 4) + yi) < 7)"
    assert "ko" in repr(rest.where)


def test_a_fused_spatial_and_reduction_loop_guards_its_start() -> None:
    s = row_sum(4, 6)
    (block,) = blocks(s.mod.body)
    outer = s.mod.body
    assert isinstance(outer, For)
    y, k = block.bindings
    mixed = block.replace(bindings=((y * 6 + k) // 6, (y * 6 + k) % 6))
    program = s.mod.with_body(_exchange(s.mod, block, mixed))
    (left,) = blocks(initialise(program).body)
    assert left.init is None
    assert "if vk == 0:" in lines(initialise(program))


def _exchange(program: Program, old: Block, new: Block) -> For:
    body = rewrite(program.body, lambda s: new if s is old else None)
    assert isinstance(body, For)
    return body


def test_a_reduction_without_loops_is_set_in_place() -> None:
    s = row_sum(4, 1)
    body = s.mod.body
    assert isinstance(body, For)
    (block,) = blocks(body)
    still = block.replace(bindings=(block.bindings[0], Const(0, "int64")))
    found = lines(initialise(s.mod.with_body(body.replace(body=still))))
    assert found[1:3] == ['with block("S", vy=y):', "S[vy] = 0.0"]


def test_a_fused_loop_that_repeats_the_fold_starts_anew_each_time() -> None:
    s = row_sum(1, 5)
    (block,) = blocks(s.mod.body)
    again = Var("again")
    repeated = block.replace(bindings=(Const(0, "int64"), again % 5))
    program = s.mod.with_body(For(again, 15, repeated))
    arrays = [np.arange(5, dtype=np.float32).reshape(1, 5), np.zeros(1, np.float32)]
    for p in (program, lower(program)):
        interpret(p, arrays)
        assert arrays[1] == 10


def test_fused_reduction_loops_still_start_outside() -> None:
    X = te.placeholder((4, 3, 5), name="X")
    j, k = te.reduce_axis((0, 3), name="j"), te.reduce_axis((0, 5), name="k")
    s = start(te.compute((4,), lambda y: te.sum(X[y, j, k], axis=[j, k]), name="S"))
    s["S"].fuse("j", "k")
    found = set_before(s)
    assert found[1:3] == ['with block("S", vy=y):', "S[vy] = 0.0"]
