"""Index vectors whose lanes lie alike wherever they stand, found from the index as a whole.

The lanes of a loop that was fused from two run over the ends of rows: their indices are quotients
and remainders, and where rows stand one after another the address still rises evenly. Other
quotients and remainders make a pattern, such as every element twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.arith.lane_offsets import lane_offsets
from tvmlab.arith.linear import Linear, Quotient, Ranges
from tvmlab.arith.simplify import linear
from tvmlab.arith.undigited import undigited
from tvmlab.ir.buffer import Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Expr, Ramp, Var
from tvmlab.ir.local import Local
from tvmlab.ir.walk import exprs, rewrite_expr

LANE = Var("lane", INDEX)


def run_of(
    parts: Sequence[tuple[Expr, int]], ranges: Ranges
) -> tuple[Linear, tuple[int, ...]] | None:
    """The sum of indices times their factors, as what all lanes share and what each adds to it.

    None where what a lane adds depends on where the vector stands, or on data.
    """
    total = Linear({}, 0)
    lanes = max(expr.lanes for expr, _ in parts)
    known = {**ranges, LANE: (0, lanes - 1)}
    for expr, factor in parts:
        if any(isinstance(e, (Load, Local)) for e in exprs(expr)):
            return None
        total = total.plus(linear(in_a_lane(expr), known), factor)
    return lane_offsets(undigited(total, known), LANE, lanes)


def joined(parts: Sequence[tuple[Expr, int]], ranges: Ranges) -> Linear | None:
    """The sum of scalar indices times their factors, with digits of one number put together; None
    where none are."""
    if any(isinstance(e, (Load, Local)) for expr, _ in parts for e in exprs(expr)):
        return None
    total = Linear({}, 0)
    for expr, factor in parts:
        total = total.plus(linear(expr, ranges), factor)
    if not any(isinstance(atom, Quotient) for atom in total.terms):
        return None
    flat = undigited(total, ranges)
    return flat if flat is not total else None


def in_a_lane(expr: Expr) -> Expr:
    """An index over a vector as the scalar that it is in the lane `LANE`."""
    return rewrite_expr(expr, lambda e: e.base + LANE if isinstance(e, Ramp) else None)
