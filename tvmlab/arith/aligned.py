"""Conditions that hold for all iterations of a loop or for none lose its variable.

    x * 4 + i < 100, with 0 <= i < 4    ->    x * 4 < 100

because `x * 4` goes in steps of 4, and no step ends between two of the iterations. So a vector of
four that a thread loads needs one test, and stays a vector.
"""

from __future__ import annotations

from math import gcd

from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr
from tvmlab.ir.program import For
from tvmlab.ir.walk import substitute, variables

_MIRRORED = {">": "<", ">=": "<="}


def without(condition: Expr, loop: For) -> Expr:
    """`condition`, which is the same for all iterations of `loop`, without its variable; as it is
    where that cannot be told."""
    if not isinstance(condition, Binary) or condition.a.dtype != INDEX:
        return condition
    a, b, op = condition.a, condition.b, condition.op
    if op in _MIRRORED:
        a, b, op = b, a, _MIRRORED[op]
    if op not in ("<", "<=") or not isinstance(loop.extent, int):
        return condition
    total = linear(Binary("-", a, b), {})
    factor = total.terms.get(loop.var, 0)
    rest = Linear({t: c for t, c in total.terms.items() if t is not loop.var}, total.constant)
    if not factor or not rest.terms or loop.var in variables(rest.expr()):
        return condition
    reach = factor * (loop.extent - 1)
    low, high = min(0, reach), max(0, reach)
    limit = 0 if op == "<" else 1  # the condition is rest + factor * var < limit
    step = gcd(*rest.terms.values())
    greatest = limit - low - 1 - (limit - low - 1 - rest.constant) % step
    if greatest + high >= limit:
        return condition
    return substitute(condition, {loop.var: Const(0, INDEX)})
