"""What a condition says of the values it compares, where it holds and where it does not."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from tvmlab.arith.bounds import Ranges
from tvmlab.arith.linear import Interval
from tvmlab.arith.polynomial import Reach
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var


class Limit(NamedTuple):
    """A condition that holds where an expression is evaluated: `side - other <= most`."""

    side: Expr
    other: Expr
    most: int

    @property
    def value(self) -> Expr:
        """What is at most `most`."""
        return self.side - self.other


def limits_of(condition: Expr, holds: bool) -> tuple[Limit, ...]:
    """What the truth or falsehood of a condition limits."""
    if not isinstance(condition, Binary):
        return ()
    op, a, b = condition.op, condition.a, condition.b
    if op == ("and" if holds else "or"):
        return (*limits_of(a, holds), *limits_of(b, holds))
    if a.dtype != INDEX:
        if op == "==" and isinstance(b, Const) and a.dtype == "bool":  # a negation
            return limits_of(a, holds == bool(b.value))
        return ()
    if not holds:
        op = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}.get(op, "")
    if op in ("<", "<="):
        return (Limit(a, b, -1 if op == "<" else 0),)
    if op in (">", ">="):
        return (Limit(b, a, -1 if op == ">" else 0),)
    return (Limit(a, b, 0), Limit(b, a, 0)) if op == "==" else ()


def narrowed(ranges: Ranges, condition: Expr, holds: bool) -> dict[Var, Interval]:
    """The ranges where the condition holds, or does not: of variables compared with numbers."""
    found = dict(ranges)
    for side, other, most in limits_of(condition, holds):
        if isinstance(side, Var) and isinstance(other, Const):
            _cut(found, side, (-inf, int(other.value) + most))
        elif isinstance(other, Var) and isinstance(side, Const):
            _cut(found, other, (int(side.value) - most, inf))
    return found


def _cut(ranges: dict[Var, Interval], var: Var, to: Interval) -> None:
    """Keep what is in both; a range whose end is a size stays as it is, known by that."""
    low, high = ranges.get(var, (-inf, inf))
    if not isinstance(ranges.get(var), Reach) and max(low, to[0]) <= min(high, to[1]):
        ranges[var] = (max(low, to[0]), min(high, to[1]))
