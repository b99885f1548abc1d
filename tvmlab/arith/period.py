"""The period of an index in a variable: by how much it may grow without any effect."""

from __future__ import annotations

from math import gcd, lcm

from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.walk import variables


def period(expr: Expr, var: Var) -> int | None:
    """The least number seen from the form of `expr` that may be added to `var` without changing
    it: 1 where `var` does not occur, 3 of `(k + 2) % 3`; None where there may be none."""
    if var not in variables(expr):
        return 1
    if not isinstance(expr, Binary):
        return None
    if expr.op == "%" and isinstance(expr.b, Const) and expr.b.value > 0:
        slope = _slope(expr.a, var)
        if slope is not None:
            modulus = int(expr.b.value)
            return modulus // gcd(modulus, slope)
    a, b = period(expr.a, var), period(expr.b, var)
    return None if a is None or b is None else lcm(a, b)


def _slope(expr: Expr, var: Var) -> int | None:
    """By how much `expr` grows with `var`; None where that is no one whole number."""
    if var not in variables(expr):
        return 0
    if expr is var:
        return 1
    if not isinstance(expr, Binary) or expr.op not in ("+", "-", "*"):
        return None
    a, b = _slope(expr.a, var), _slope(expr.b, var)
    if a is None or b is None:
        return None
    if expr.op != "*":
        return a + b if expr.op == "+" else a - b
    if isinstance(expr.b, Const):
        return a * int(expr.b.value)
    return b * int(expr.a.value) if isinstance(expr.a, Const) else None
