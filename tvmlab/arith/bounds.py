"""Interval bounds of index expressions."""

from __future__ import annotations

from tvmlab.arith.linear import Interval, Ranges
from tvmlab.arith.simplify import interval
from tvmlab.ir.expr import Expr

__all__ = ["Interval", "Ranges", "bounds"]


def bounds(expr: Expr, ranges: Ranges) -> Interval:
    """Least and greatest value that `expr` can take, infinite where unknown.

    The interval is sound, and exact for sums in which each variable occurs once.
    """
    return interval(expr, ranges)
