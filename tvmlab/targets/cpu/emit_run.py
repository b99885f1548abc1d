"""Index vectors whose lanes are side by side in memory after all.

The lanes of a loop that was fused from two run over the ends of rows: their indices are quotients
and remainders, and where rows stand one after another the address still rises evenly.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.arith.linear import Linear, Ranges, atom_expr
from tvmlab.arith.simplify import linear
from tvmlab.arith.undigited import undigited
from tvmlab.ir.buffer import Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Expr, Ramp, Var
from tvmlab.ir.local import Local
from tvmlab.ir.walk import exprs, rewrite_expr, variables

LANE = Var("lane", INDEX)


def run_of(parts: Sequence[tuple[Expr, int]], ranges: Ranges) -> tuple[Linear, int] | None:
    """The sum of indices times their factors, as `(rest, step)`: rest + step * lane.

    None where it does not rise evenly, or depends on data.
    """
    total = Linear({}, 0)
    known = {**ranges, LANE: (0, max(expr.lanes for expr, _ in parts) - 1)}
    for expr, factor in parts:
        if any(isinstance(e, (Load, Local)) for e in exprs(expr)):
            return None
        total = total.plus(linear(rewrite_expr(expr, _lane), known), factor)
    joined = undigited(total, known)
    step = joined.terms.get(LANE, 0)
    rest = joined.plus(Linear({LANE: 1}, 0), -step)
    if any(LANE in variables(atom_expr(atom)) for atom in rest.terms):
        return None
    return rest, step


def _lane(expr: Expr) -> Expr | None:
    return expr.base + LANE if isinstance(expr, Ramp) else None
