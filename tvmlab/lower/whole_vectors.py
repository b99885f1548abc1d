"""Vectors that are inside or outside as a whole: a condition on their lanes is one on the first.

    if ramp(x * 4, 4) < 256: S   ->   if x * 4 < 256: S

Where a vector begins at a multiple of its lanes and so does what it must stay below, no lane can
differ from the others, and the vector is loaded and stored at once.
"""

from __future__ import annotations

from tvmlab.arith.simplify import linear
from tvmlab.ir.expr import Binary, Const, Expr, Ramp
from tvmlab.ir.program import Program
from tvmlab.ir.walk import rewrite


def keep_whole(program: Program) -> Program:
    """The program with conditions of one lane where they are the same for all."""
    return program.with_body(rewrite(program.body, on_expr=_of_the_first))


def _of_the_first(e: Expr) -> Expr | None:
    if not isinstance(e, Binary) or e.op not in ("<", ">="):
        return None
    if not isinstance(e.a, Ramp) or not isinstance(e.b, Const):
        return None
    base = linear(e.a.base, {})
    factors = (base.constant, *base.terms.values(), int(e.b.value))
    if any(factor % e.a.lanes for factor in factors):
        return None
    return Binary(e.op, e.a.base, e.b)
