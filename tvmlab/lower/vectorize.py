"""Vectorized loops become lanes: the loop variable turns into a `Ramp` in every expression.

An index that is linear in the variable becomes `Ramp(base, lanes)` (or a multiple of one), so that
the emitter sees whole vectors; any other index becomes a vector of indices, and its access a
gather. The lanes of a loop that folds by a tree are combined into one value (`tvmlab.lower.trees`).
"""

from __future__ import annotations

from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Ramp, Var
from tvmlab.ir.fold import fold_of, results_of
from tvmlab.ir.local import Local
from tvmlab.ir.program import LANES, For, If, Let, Program, Seq, Stmt, Store
from tvmlab.ir.walk import (
    exprs,
    exprs_of,
    map_children,
    operands,
    stmts,
    substitute_stmt,
    variables,
    with_operands,
)
from tvmlab.lower.trees import tree

ZERO = Const(0, INDEX)


def vectorize(program: Program) -> Program:
    """The program without loops of the kinds vectorized and tree."""
    return program.with_body(_visit(program.body))


def _visit(stmt: Stmt) -> Stmt:
    stmt = map_children(stmt, _visit, lambda e: None)
    if not isinstance(stmt, For) or stmt.kind not in LANES:
        return stmt
    assert isinstance(stmt.extent, int), "a loop of lanes has a known extent"
    if any(e.lanes > 1 for s in stmts(stmt.body) for e in exprs_of(s)):
        return stmt.replace(kind="serial")  # the loops inside are the lanes
    if stmt.kind == "tree":
        return _tree(stmt, stmt.extent) or stmt.replace(kind="serial")
    return _lanes(stmt.body, stmt.var, stmt.extent)


def _tree(loop: For, lanes: int) -> Stmt | None:
    """The fold of a loop as a tree of lanes; None where lowering left more than a fold in it."""
    fold = fold_of(loop.body)
    if fold is None or any(loop.var in variables(i) for t in fold.targets for i in t.indices):
        return None
    source = next((s.source for s in results_of(loop.body)), None)
    return tree(fold, tuple(in_lanes(t, loop.var, lanes) for t in fold.terms), lanes, source)


def _lanes(body: Stmt, var: Var, lanes: int) -> Stmt:
    """`body` with `var` standing for 0, ..., lanes - 1 at once."""

    def expr(e: Expr) -> Expr:
        return in_lanes(e, var, lanes)

    def visit(s: Stmt) -> Stmt:
        if isinstance(s, Store):
            return Store(s.buffer, tuple([expr(i) for i in s.indices]), expr(s.value), s.source)
        if isinstance(s, Let):
            value = expr(s.value)
            named = Local(s.var.name, s.var.dtype, value.lanes)
            return Let(named, value, visit(substitute_stmt(s.body, {s.var: named})))
        if isinstance(s, If):
            otherwise = visit(s.otherwise) if s.otherwise is not None else None
            return _branch(expr(s.condition), visit(s.then), otherwise)
        return map_children(s, visit, lambda e: None)

    return visit(body)


def in_lanes(e: Expr, var: Var, lanes: int) -> Expr:
    """`e` with `var` standing for 0, ..., lanes - 1 at once: a vector if it depends on it."""
    if var not in variables(e):
        return e
    if e.dtype == INDEX and not _reads(e):
        found = _affine(e, var, lanes)
        if found is not None:
            return found
    if isinstance(e, Var):
        return Ramp(ZERO, lanes) if lanes > 1 else ZERO
    return with_operands(e, tuple([in_lanes(x, var, lanes) for x in operands(e)]))


def _affine(e: Expr, var: Var, lanes: int) -> Expr | None:
    """An index that is linear in `var`, as a ramp or a multiple of one; None if it is not."""
    total = linear(e, {})
    factor = total.terms.get(var, 0)
    rest = {a: c for a, c in total.terms.items() if a is not var}
    if any(not isinstance(a, Var) and var in variables(_atom(a)) for a in rest):
        return None
    base = Linear(rest, total.constant).expr()
    if base.lanes > 1:
        return None
    if lanes == 1:
        return base
    if factor == 1:
        return Ramp(base, lanes)
    steps = Binary("*", Ramp(ZERO, lanes), Const(factor, INDEX))
    return steps if isinstance(base, Const) and base.value == 0 else Binary("+", base, steps)


def _branch(condition: Expr, then: Stmt, otherwise: Stmt | None) -> Stmt:
    """A branch; one that differs between lanes is two masked statements."""
    if condition.lanes == 1 or otherwise is None:
        return If(condition, then, otherwise)
    return Seq([If(condition, then), If(~condition, otherwise)])


def _atom(atom: object) -> Expr:
    """An atom of a linear sum as an expression."""
    return Linear({atom: 1}, 0).expr()  # type: ignore[dict-item]


def _reads(e: Expr) -> bool:
    """Whether `e` depends on memory."""
    return any(isinstance(x, Load) for x in exprs(e))
