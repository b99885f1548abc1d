import pytest

from tvmlab.arith.inside import verify_inside
from tvmlab.errors import VerifyError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Ramp, Select, Var, const, select
from tvmlab.ir.program import TRUE, Block, For, If, Iter, Program, Region, Stmt, Store

A = Buffer("A", (32,), "float32")
B = Buffer("B", (32,), "float32")
i, o, v = Var("i"), Var("o"), Var("v")


def program(body: Stmt) -> Program:
    return Program("p", [A, B], 1, [], body)


def copy(index: Expr, source: Expr) -> Store:
    return Store(B, (index,), Load(A, (source,)))


def blocked(binding: Expr, where: Expr = TRUE) -> Stmt:
    block = Block("B", [Iter(v, 32)], [binding], where, [], [Region(B, [(v, 1)])], None, copy(v, v))
    return For(o, 5, For(i, 7, block))


def test_accesses_inside_are_accepted():
    verify_inside(program(For(i, 32, copy(i, 31 - i))), strict=True)


@pytest.mark.parametrize("source", [i + 32, i - 32], ids=["above", "below"])
def test_an_access_surely_outside_is_refused(source):
    with pytest.raises(VerifyError, match=r"index 0 of A is .* outside 0\.\.31"):
        verify_inside(program(For(i, 32, copy(i, source))))


def test_an_access_perhaps_outside_is_refused_when_strict():
    verify_inside(program(For(i, 32, copy(i, i + 1))))
    with pytest.raises(VerifyError, match=r"may be 1 to 32, outside 0\.\.31"):
        verify_inside(program(For(i, 32, copy(i, i + 1))), strict=True)


def test_a_binding_is_held_to_its_extent_under_the_predicate():
    verify_inside(program(blocked(o * 7 + i, o * 7 + i < 32)), strict=True)
    with pytest.raises(VerifyError, match="the binding of v is"):
        verify_inside(program(blocked(o * 7 + i)), strict=True)
    with pytest.raises(VerifyError, match="the binding of v is"):
        verify_inside(program(blocked(o * 7 + i, o * 7 + i < 33)), strict=True)


def test_a_branch_limits_its_sides():
    guarded = If(i < 31, copy(i, i + 1), copy(i, i - 31))
    verify_inside(program(For(i, 32, guarded)), strict=True)
    with pytest.raises(VerifyError, match="index 0 of A"):
        verify_inside(program(For(i, 32, If(i <= 31, copy(i, i + 1)))), strict=True)


def test_a_select_limits_its_sides():
    zero = const(0, "float32")
    guarded = select((i >= 2) & (i < 34), Load(A, (i - 2,)), zero)
    verify_inside(program(For(i, 32, Store(B, (i,), guarded))), strict=True)
    turned = select(~(i < 2), Load(A, (i - 2,)), zero)
    verify_inside(program(For(i, 32, Store(B, (i,), turned))), strict=True)
    wrong = select(i < 2, Load(A, (i - 2,)), zero)
    with pytest.raises(VerifyError, match="index 0 of A"):
        verify_inside(program(For(i, 32, Store(B, (i,), wrong))), strict=True)


def test_a_side_that_is_never_chosen_is_not_judged():
    never = Select(Const(0, "bool"), Load(A, (i + 99,)), const(0, "float32"))
    verify_inside(program(For(i, 32, Store(B, (i,), never))), strict=True)
    verify_inside(program(For(i, 32, If(Const(1, "bool"), copy(i, i), copy(i, i + 99)))))
    verify_inside(program(blocked(o * 7 + i + 99, Const(0, "bool"))))


def test_every_lane_of_a_ramp_counts():
    vector = Store(B, (Ramp(i * 8, 8),), Load(A, (Ramp(i * 8, 8),)))
    verify_inside(program(For(i, 4, vector)), strict=True)
    beyond = Store(B, (Ramp(i * 8, 8),), Load(A, (Ramp(i * 8 + 1, 8),)))
    with pytest.raises(VerifyError, match="index 0 of A"):
        verify_inside(program(For(i, 4, beyond)), strict=True)


def test_a_condition_over_lanes_limits_them():
    ramp = Ramp(i * 8, 8)
    masked = If(ramp < 30, Store(B, (ramp,), Load(A, (Ramp(i * 8 + 2, 8),))))
    verify_inside(program(For(i, 4, masked)), strict=True)
    wrong = If(ramp < 31, Store(B, (ramp,), Load(A, (Ramp(i * 8 + 2, 8),))))
    with pytest.raises(VerifyError, match="index 0 of A"):
        verify_inside(program(For(i, 4, wrong)), strict=True)


def test_an_index_from_data_is_not_judged():
    index = Buffer("I", (32,), "int64")
    gather = Store(B, (i,), Load(A, (Load(index, (i,)),)))
    verify_inside(Program("p", [A, index, B], 1, [], For(i, 32, gather)), strict=True)
