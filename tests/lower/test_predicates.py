"""Conditions: hoisted, dropped, turned into extents and tails; never lost."""

from __future__ import annotations

import numpy as np
import pytest

from tests.lower.programs import doubled, product
from tvmlab.ir import Program, text
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For, If, Seq, Stmt, Store
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower
from tvmlab.lower.predicates import settle_predicates
from tvmlab.schedule import STEPS

ROW, COLUMN = Var("i"), Var("j")
OUT = Buffer("Y", (1000,), "int32")


def one(at: Expr) -> Store:
    return Store(OUT, (at,), Const(1, "int32"), "Y")


def settled(body: Stmt) -> Program:
    """The program after the pass, checked to write what it wrote before."""
    program = Program("Y", [OUT], 1, [], body)
    result = settle_predicates(program)
    written = []
    for p in (program, result):
        array = np.full(1000, 7, np.int32)
        interpret(p, [array])
        written.append(array)
    assert np.array_equal(*written)
    return result


def shown(body: Stmt) -> list[str]:
    return text(settled(body)).splitlines()[1:]


def part(op: str, by: int) -> Expr:
    """`i // by` or `i % by`."""
    return Binary(op, ROW, Const(by, "int64"))


def test_an_invariant_condition_leaves_its_loop() -> None:
    found = shown(For(ROW, 8, For(COLUMN, 4, If(ROW < 5, one(ROW * 4 + COLUMN)))))
    assert found[0].strip() == "for i in range(5):"
    assert not any("if" in line for line in found)


def test_a_condition_that_always_holds_disappears() -> None:
    found = shown(For(ROW, 8, For(COLUMN, 4, If(ROW * 4 + COLUMN < 32, one(ROW * 4 + COLUMN)))))
    assert len(found) == 3


def test_the_last_tile_has_extents_of_its_own() -> None:
    found = shown(For(ROW, 4, For(COLUMN, 8, If(ROW * 8 + COLUMN < 29, one(ROW * 8 + COLUMN)))))
    assert [line.strip() for line in found] == [
        "for i in range(4):",
        "if i < 3:",
        "for j in range(8):",
        "Y[i * 8 + j] = int32(1)",
        "else:",
        "for j in range(5):",
        "Y[j + 24] = int32(1)",
    ]


def test_iterations_that_never_run_are_cut() -> None:
    body = For(ROW, 10, For(COLUMN, 8, If(ROW * 8 + COLUMN < 16, one(ROW * 8 + COLUMN))))
    found = shown(body)
    assert found[0].strip() == "for i in range(2):"
    assert not any("if" in line for line in found)


def test_only_a_condition_over_everything_cuts_a_loop() -> None:
    both = Seq([If(ROW < 5, one(ROW + 0)), one(ROW + 100)])
    found = shown(For(ROW, 8, both))
    assert found[0].strip() == "for i in range(8):"
    assert any("if i < 5" in line for line in found)


def test_several_tails_stay_a_condition() -> None:
    body = For(ROW, 4, For(COLUMN, 30, If(ROW * 8 + COLUMN < 35, one(ROW * 8 + COLUMN))))
    found = settled(body)
    assert sum(isinstance(s, If) for s in stmts(found.body)) == 1


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 31, 63, 97])
@pytest.mark.parametrize("factors", [(2,), (3,), (4, 4), (2, 5)])
def test_splits_of_any_length_and_depth(length: int, factors: tuple[int, ...]) -> None:
    s = doubled(length)
    for factor in factors:
        loop = s["Y"].loops[-1]
        if STEPS["split"].from_call("Y", loop, factor).check(s.mod) is None:
            s["Y"].split(loop, factor)
    x, y = np.arange(length, dtype=np.float32), np.zeros(length, np.float32)
    interpret(lower(s.mod), [x, y])
    assert np.array_equal(y, 2 * x)


def test_code_does_not_double_without_end() -> None:
    s = product(7, 7, 7)
    for loop in ("y", "x", "k"):
        outer, _inner = s["C"].split(loop, 4)
        s["C"].split(outer, 2)
    assert len(text(lower(s.mod)).splitlines()) < 400


def test_a_condition_on_memory_that_the_loop_writes_stays_inside() -> None:
    flag = Load(OUT, (Const(999, "int64"),))
    clear = Store(OUT, (Const(999, "int64"),), Const(0, "int32"), "Y")
    body = For(ROW, 5, If(Binary(">", flag, Const(3, "int32")), Seq([one(ROW + 1), clear])))
    raise_flag = Store(OUT, (Const(999, "int64"),), Const(7, "int32"), "Y")
    found = shown(Seq([raise_flag, body]))
    assert found[1].strip() == "for i in range(5):"


def test_a_condition_on_a_part_of_a_fused_loop_has_a_tail() -> None:
    at = part("//", 4) * 8 + COLUMN
    inner = For(COLUMN, 8, If(at < 20, one(at * 4 + part("%", 4))))
    found = shown(For(ROW, 12, inner, "parallel"))
    assert [line.strip() for line in found] == [
        "for i in parallel(12):",
        "if i // 4 < 2:",
        "for j in range(8):",
        "Y[i // 4 * 32 + j * 4 + i % 4] = int32(1)",
        "else:",
        "for j in range(4):",
        "Y[j * 4 + i % 4 + 64] = int32(1)",
    ]


def test_iterations_of_a_part_that_never_run_are_tested_for() -> None:
    at = part("%", 4) * 8 + COLUMN
    found = shown(For(ROW, 12, For(COLUMN, 8, If(at < 16, one(at * 4 + part("//", 4))))))
    assert [line.strip() for line in found] == [
        "for i in range(12):",
        "if i % 4 < 2:",
        "for j in range(8):",
        "Y[i % 4 * 32 + j * 4 + i // 4] = int32(1)",
    ]


def test_both_parts_of_a_fused_loop_have_tails() -> None:
    k = Var("k")
    y, x = part("//", 3) * 4 + COLUMN, part("%", 3) * 4 + k
    inner = For(COLUMN, 4, For(k, 4, If(y < 10, If(x < 11, one(y * 11 + x)))))
    found = shown(For(ROW, 9, inner, "parallel"))
    assert sum("if" in line or "else" in line for line in found) == 6
    assert [line.strip() for line in found if "for" in line][-2:] == [
        "for j in range(2):",
        "for k in range(3):",
    ]


def test_a_quotient_that_begins_below_zero_is_no_loop() -> None:
    total = Binary("//", 3 - ROW, Const(4, "int64")) * 2 + COLUMN
    inner = If(total < 3, If(total >= 0, one(ROW * 2 + COLUMN)))
    found = settled(For(ROW, 12, For(COLUMN, 2, inner)))
    assert any(isinstance(s, If) for s in stmts(found.body))


def test_a_loop_is_cut_where_every_nest_in_it_ends_by_a_condition_of_its_own() -> None:
    k = Var("k")
    nests = [
        For(COLUMN, 4, If(ROW * 4 + COLUMN < 15, one(ROW * 4 + COLUMN))),
        For(k, 4, If(ROW * 4 + k < 12, one(ROW * 4 + k + 200))),
    ]
    found = shown(For(ROW, 8, Seq(nests)))
    assert found[0].strip() == "for i in range(4):"


def test_a_condition_before_a_long_loop_makes_no_second_body() -> None:
    """It is tested once for all of the loop's iterations."""
    long, k = Var("n"), Var("k")
    inner = For(long, 16, one(ROW * 48 + k * 16 + long))
    body = For(ROW, 8, For(k, 2, If(ROW + k < 8, inner)))
    assert sum("for n in" in line for line in shown(body)) == 1
    short = For(ROW, 8, For(k, 2, If(ROW + k < 8, For(long, 4, one(ROW * 48 + k * 16 + long)))))
    assert sum("for n in" in line for line in shown(short)) == 2
