"""Vectorized loops as lanes."""

from __future__ import annotations

import numpy as np

import tvmlab.te as te
from tests.lower.programs import doubled, start
from tvmlab.ir import text
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Const, Var
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For, If, Program, Store
from tvmlab.lower import lower
from tvmlab.lower.vectorize import vectorize
from tvmlab.schedule import Schedule


def stores(s: Schedule) -> list[str]:
    """The stores of the lowered program, as printed."""
    return [line.strip() for line in text(lower(s.mod)).splitlines() if "] = " in line]


def test_a_linear_index_becomes_one_ramp() -> None:
    s = doubled(64)
    _, inner = s["Y"].split("i", 16)
    s["Y"].vectorize(inner)
    assert stores(s) == ["Y[ramp(io * 16, 16)] = X[ramp(io * 16, 16)] * 2.0"]


def test_a_fused_index_that_stays_linear_is_still_a_ramp() -> None:
    X = te.placeholder((8, 32), name="X")
    s = start(te.compute((8, 32), lambda y, x: X[y, x] * 2.0, name="Y"))
    fused = s["Y"].fuse("y", "x")
    _, inner = s["Y"].split(fused, 16)
    s["Y"].vectorize(inner)
    assert stores(s) == [
        "Y[yxo // 2, ramp(yxo % 2 * 16, 16)] = X[yxo // 2, ramp(yxo % 2 * 16, 16)] * 2.0"
    ]


def test_strides_are_multiples_of_a_ramp() -> None:
    X = te.placeholder((100,), name="X")
    s = start(te.compute((30,), lambda i: X[i * 3 + 2], name="Y"))
    s["Y"].vectorize("i")
    assert stores(s) == ["Y[ramp(0, 30)] = X[2 + ramp(0, 30) * 3]"]


def test_a_vectorized_loop_of_one_iteration_is_a_scalar() -> None:
    s = doubled(1)
    s["Y"].vectorize("i")
    assert stores(s) == ["Y[0] = X[0] * 2.0"]


def test_both_sides_of_a_branch_over_lanes_are_masked() -> None:
    C, i = Buffer("C", (8,), "int32"), Var("i")
    sides = [Store(C, (i,), Const(value, "int32")) for value in (1, 2)]
    program = Program("C", [C], 1, [], For(i, 8, If(i < 3, *sides), "vectorized"))
    result = np.zeros(8, np.int32)
    interpret(vectorize(program), [result])
    assert result.tolist() == [1] * 3 + [2] * 5
