"""The elements a nest stores to, as a nest of its own; and whether two are the same."""

from __future__ import annotations

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For, If, Seq, Stmt, Store
from tvmlab.lower.touched import NOTHING, same_touches, touches

C = Buffer("C", (64,), "int32")
D = Buffer("D", (64,), "int32")
Y, K = Var("y"), Var("k")


def add(index: Expr) -> Store:
    """`C[index] = C[index] + 1`."""
    return Store(C, (index,), Load(C, (index,)) + Const(1, "int32"))


def filled(extent: int, var: Var, offset: int = 0) -> For:
    """A loop that sets `extent` elements."""
    return For(var, extent, Store(C, (var + offset,), Const(0, "int32")))


def test_a_store_becomes_a_copy_onto_itself() -> None:
    found = touches(For(K, 8, add(Y)), C, {K})
    assert isinstance(found, Store)
    assert isinstance(found.value, Load)
    assert same(found.indices[0], found.value.indices[0])


def test_a_condition_on_which_elements_are_stored_stays() -> None:
    found = touches(For(K, 8, If(Y < 5, add(Y))), C, {K})
    assert isinstance(found, If)
    assert same(found.condition, Y < 5)
    assert isinstance(found.then, Store)


def test_a_condition_on_when_they_are_updated_goes() -> None:
    assert isinstance(touches(For(K, 8, If(K < 5, add(Y))), C, {K}), Store)


def test_only_the_other_side_keeps_the_opposite_condition() -> None:
    other = Store(D, (Y,), Const(0, "int32"))
    found = touches(If(Y < 5, other, add(Y)), C, {K})
    assert isinstance(found, If)
    assert same(found.condition, ~(Y < 5))
    assert isinstance(found.then, Store)
    assert found.otherwise is None


def test_sides_that_differ_have_no_common_elements() -> None:
    assert touches(If(K < 5, add(Y), add(Y + 1)), C, {K}) is None
    assert isinstance(touches(If(K < 5, add(Y), add(Y)), C, {K}), Store)


def test_other_buffers_are_nothing() -> None:
    assert touches(Store(D, (Y,), Const(0, "int32")), C, set()) is NOTHING


def test_nests_are_the_same_up_to_names_and_no_more() -> None:
    i, j = Var("i"), Var("j")

    def alike(a: Stmt, b: Stmt) -> bool:
        return same_touches(a, b)

    assert alike(filled(4, i), filled(4, j))
    assert not alike(filled(4, i), filled(5, j))
    assert not alike(filled(4, i), filled(4, j, 1))
    assert alike(If(Y < 3, filled(4, i)), If(Y < 3, filled(4, j)))
    assert not alike(If(Y < 3, filled(4, i)), If(Y < 4, filled(4, j)))
    assert not alike(Seq([filled(4, i)]), Seq([filled(4, i), filled(4, j)]))
