"""Conditions as lists of the parts that must all hold."""

from __future__ import annotations

from collections.abc import Iterable

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Const, Expr
from tvmlab.ir.program import TRUE, If, Stmt
from tvmlab.ir.walk import exprs


def conjuncts(condition: Expr) -> list[Expr]:
    """The parts joined by `and`; none for a condition that always holds."""
    if isinstance(condition, Const) and condition.value:
        return []
    if isinstance(condition, Binary) and condition.op == "and":
        return conjuncts(condition.a) + conjuncts(condition.b)
    return [condition]


def conjunction(parts: Iterable[Expr]) -> Expr:
    """The condition that all parts hold."""
    result: Expr = TRUE
    for part in parts:
        result = part if result is TRUE else Binary("and", result, part)
    return result


def guarded(parts: Iterable[Expr], body: Stmt) -> Stmt:
    """`body` where every part holds: one branch inside the other, the first outermost."""
    for part in reversed(list(parts)):
        body = If(part, body)
    return body


def buffers_read(condition: Expr) -> set[Buffer]:
    """The buffers a condition depends on."""
    return {e.buffer for e in exprs(condition) if isinstance(e, Load)}
