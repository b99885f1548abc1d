"""Intermediates that never see memory, and those that must."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab.te as te
from tests.lower.programs import start
from tests.targets.emitted import run
from tvmlab.ir import Program
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Ramp, Var, maximum
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Allocate, For, If, Seq, Stmt, Store
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower
from tvmlab.lower.localise import localise
from tvmlab.schedule import Schedule

ROW, J, N = Var("i"), Var("j"), Var("n")
T, Y = Buffer("T", (4, 16), "int32"), Buffer("Y", (64,), "int32")
ZERO = Const(0, "int64")


def localised(body: Stmt) -> Program:
    """The program after the pass, checked to write what it wrote before."""
    program = Program("Y", [Y], 1, [T], body)
    result = localise(program)
    found = []
    for p in (program, result):
        array = np.full(64, 7, np.int32)
        interpret(p, [array])
        found.append(array)
    assert np.array_equal(*found)
    return result


def is_local(body: Stmt) -> bool:
    result = localised(body)
    assert bool(result.buffers) != any(isinstance(s, Allocate) for s in stmts(result.body))
    return not result.buffers


def set_all(kind: str = "unrolled", extent: int = 4) -> Stmt:
    return For(J, extent, Store(T, (J, Ramp(ZERO, 16)), Const(5, "int32"), "T"), kind)


def read_all() -> Stmt:
    value = Load(T, (J, Ramp(ZERO, 16)))
    return For(J, 4, Store(Y, (Ramp(J * 16, 16),), value, "Y"), "unrolled")


def test_a_tile_set_and_read_in_one_iteration_is_local() -> None:
    assert is_local(Seq([set_all(), read_all()]))
    assert is_local(For(ROW, 3, Seq([set_all(), read_all()])))


def test_a_tile_indexed_by_a_running_loop_is_not() -> None:
    assert not is_local(Seq([set_all("serial"), read_all()]))


def test_a_tile_not_set_completely_by_its_first_nest_is_not() -> None:
    assert not is_local(Seq([set_all(extent=3), set_all(), read_all()]))


def test_a_tile_set_under_a_condition_is_not() -> None:
    first = If(ROW < 1, set_all())
    assert not is_local(For(ROW, 3, Seq([first, read_all()])))


def test_lanes_must_agree() -> None:
    scalar = For(N, 16, Store(Y, (N,), Load(T, (ZERO, N)), "Y"), "unrolled")
    assert not is_local(Seq([set_all(), scalar]))


def test_large_tiles_stay_in_memory() -> None:
    wide = Buffer("W", (200, 16), "int32")
    setting = For(J, 200, Store(wide, (J, Ramp(ZERO, 16)), Const(1, "int32"), "W"), "unrolled")
    value = Load(wide, (Const(199, "int64"), Ramp(ZERO, 16)))
    reading = Store(Y, (Ramp(ZERO, 16),), value, "Y")
    program = Program("Y", [Y], 1, [wide], Seq([setting, reading]))
    assert localise(program).buffers == (wide,)


def product_with_epilogue(m: int, n: int) -> Schedule:
    """relu(A^T B + bias), the product computed into a tile of registers."""
    A, B = te.placeholder((20, m), name="A"), te.placeholder((20, n), name="B")
    bias = te.placeholder((n,), name="bias")
    k = te.reduce_axis((0, 20), name="k")
    C = te.compute((m, n), lambda y, x: te.sum(A[k, y] * B[k, x], axis=k), name="C")
    D = te.compute((m, n), lambda y, x: maximum(C[y, x] + bias[x], 0.0), name="D")
    s = start(D)
    yo, yi = s[D].split("y", 4)
    xo, xi = s[D].split("x", 16)
    s[D].reorder(yo, xo, yi, xi)
    s[C].compute_at("D", str(xo))
    _, _, y, x, _ = s[C].loops
    s[C].reorder("k", y, x)
    s[C].unroll(y)
    s[C].vectorize(x)
    s[D].unroll(yi)
    s[D].vectorize(xi)
    s[D].parallel(yo)
    return s


@pytest.mark.parametrize(("m", "n"), [(8, 32), (9, 37)])
def test_an_epilogue_works_on_the_accumulators(m: int, n: int) -> None:
    s = product_with_epilogue(m, n)
    program = lower(s.mod)
    assert program.buffers == ()
    rng = np.random.default_rng(5)
    arrays = {b.name: rng.integers(-4, 5, b.extents).astype(np.float32) for b in s.mod.params}
    inputs = [arrays[b.name] for b in s.mod.params[:-1]]
    expected = np.maximum(arrays["A"].T @ arrays["B"] + arrays["bias"], 0)
    assert np.array_equal(run(s.mod, *inputs), expected)
