"""Which accumulators move to registers, how they start, and when they may not."""

from __future__ import annotations

import numpy as np

import tvmlab.te as te
from tests.lower.programs import row_sum, start, tiled
from tvmlab.ir import Program, text
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Ramp, Var
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Allocate, For, Seq, Stmt, Store
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower
from tvmlab.lower.registers import promote_registers

K, J = Var("k"), Var("j")
C, A = Buffer("C", (64,), "int32"), Buffer("A", (64,), "int32")


def tiles(program: Program) -> list[tuple[int, ...]]:
    """The shapes of the register tiles."""
    return [s.buffer.extents for s in stmts(program.body) if isinstance(s, Allocate)]


def promoted(body: Stmt) -> Program:
    """The program after the pass, checked to compute what it computed before."""
    program = Program("C", [A, C], 2, [], body)
    result = promote_registers(program)
    found = []
    for p in (program, result):
        arrays = [np.arange(64, dtype=np.int32), np.arange(100, 164, dtype=np.int32)]
        interpret(Program("C", [A, C], 2, [], _filled(p.body)), arrays)
        found.append(arrays)
    assert np.array_equal(found[0], found[1])
    return result


def _filled(body: Stmt) -> Stmt:
    """`body` after both buffers have been written, so that reading them is defined."""
    i = Var("i")
    fill = [Store(C, (i,), Const(3, "int32")), Store(A, (i,), Const(5, "int32"))]
    return Seq([For(i, 64, Seq(fill)), body])


def add(to: object, what: object) -> Store:
    return Store(C, (to,), Load(C, (to,)) + Load(A, (what,)), "C")  # type: ignore[arg-type]


def test_an_accumulator_is_held_through_all_its_reduction_loops() -> None:
    found = text(lower(tiled(16, 32, 16).mod)).splitlines()
    first = next(n for n, line in enumerate(found) if "for ko" in line)
    after = next(
        n
        for n, line in enumerate(found)
        if n > first and "for yi" in line and _depth(line) == _depth(found[first])
    )
    assert sum("allocate" in line for line in found) == 1
    assert not any(" C[" in line for line in found[first:after])
    assert " C[" in found[after + 1]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def test_the_nest_before_sets_the_registers() -> None:
    program = lower(row_sum(4, 6).mod)
    assert tiles(program) == [(1,)]
    sets = [s for s in stmts(program.body) if isinstance(s, Store) and s.buffer.name == "S_tile"]
    assert isinstance(sets[0].value, Const)


def test_without_a_start_the_tile_is_loaded() -> None:
    body = For(K, 8, add(Const(5, "int64"), K))
    result = promoted(body)
    assert tiles(result) == [(1,)]
    first = next(s for s in stmts(result.body) if isinstance(s, Store))
    assert isinstance(first.value, Load)
    assert first.value.buffer is C


def test_unrolled_offsets_make_a_tile() -> None:
    body = For(K, 8, For(J, 4, add(J + 10, K), "unrolled"))
    assert tiles(promoted(body)) == [(4,)]


def test_vectors_that_line_up_make_a_tile_and_others_stay_in_memory() -> None:
    lined = For(K, 8, For(J, 2, add(Ramp(J * 8, 8), Ramp(K, 8)), "unrolled"))
    assert tiles(promoted(lined)) == [(16,)]
    overlapping = For(K, 8, For(J, 2, add(Ramp(J * 4, 8), Ramp(K, 8)), "unrolled"))
    assert tiles(promoted(overlapping)) == []


def test_an_element_that_moves_with_the_loop_stays_in_memory() -> None:
    assert tiles(promoted(For(K, 8, add(K, K)))) == []
    assert tiles(promoted(For(K, 8, For(J, 4, add(J, K))))) == []


def test_two_places_in_one_loop_stay_in_memory() -> None:
    i = Var("i")
    body = For(i, 8, For(K, 8, Seq([add(i, K), add(i * 2, K)])))
    assert tiles(promoted(body)) == []


def test_a_loop_that_sets_its_accumulator_leaves_it_to_the_loop_inside() -> None:
    zero = Const(0, "int64")
    inner = Seq([Store(C, (zero,), Const(0, "int32"), "C"), For(K, 8, add(zero, K))])
    result = promoted(For(J, 3, inner))
    assert isinstance(result.body, For)
    assert tiles(result) == [(1,)]


def test_a_parallel_loop_is_no_place_for_registers() -> None:
    body = For(K, 8, For(J, 4, add(Const(0, "int64"), J), "parallel"))
    program = Program("C", [A, C], 2, [], body)
    assert tiles(promote_registers(program)) == []


def test_two_reductions_in_one_loop_both_get_registers() -> None:
    X = te.placeholder((6, 9), name="X")
    k = te.reduce_axis((0, 9), name="k")
    S = te.compute((6,), lambda y: te.sum(X[y, k], axis=k), name="S")
    j = te.reduce_axis((0, 9), name="j")
    T = te.compute((6,), lambda y: te.max(X[y, j] + S[y], axis=j), name="T")
    assert tiles(lower(start(T).mod)) == [(1,), (1,)]


def test_sizes_beyond_reason_stay_in_memory() -> None:
    x, y = Var("x"), Var("y")
    big, one = Buffer("big", (128, 128), "int32"), Const(1, "int32")
    add_one = Store(big, (y, x), Load(big, (y, x)) + one, "C")
    nest = For(y, 128, For(x, 128, add_one, "unrolled"), "unrolled")
    program = Program("big", [big], 1, [], For(K, 8, nest))
    assert tiles(promote_registers(program)) == []
