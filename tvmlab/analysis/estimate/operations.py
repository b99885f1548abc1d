"""What a statement computes, in operations of one instruction each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.dtypes import INDEX, is_float
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Select
from tvmlab.ir.walk import operands

DIVISION = 5.0
"""Of vectors, in the time of additions (Fog, "Instruction tables", Zen 4 and Ice Lake)."""

FUNCTIONS = {"sqrt": 6.0, "abs": 1.0, "floor": 1.0, "ceil": 1.0, "exp": 14.0}
"""In the time of additions; an exponential is a polynomial of some degree."""

OTHER_FUNCTION = 25.0
INTEGER_DIVISION = 5.0
"""By a constant: a multiplication of twice the width, and shifts."""


class Operations(NamedTuple):
    """What is computed on elements, and on places.

    Attributes:
        vectors: (bits at once, how often), most of them one instruction a vector register.
        indices: instructions for places that are no sums.
    """

    vectors: tuple[tuple[int, float], ...]
    indices: float


NOTHING = Operations((), 1.0)
"""One instruction that computes nothing."""


def operations(values: Iterable[Expr], indices: Iterable[Expr] = ()) -> Operations:
    """The operations that computing `values` takes, and the places of loads and stores in them;
    a multiplication whose product is added at once counts nothing beside the addition."""
    counts: dict[int, float] = {}
    places = 0.0
    for value in values:
        places += _count(value, counts)
    for index in indices:
        places += _of_index(index)
    return Operations(tuple(counts.items()), places)


def _count(expr: Expr, counts: dict[int, float]) -> float:
    """Add the operations of `expr` to `counts`; gives those on places."""
    if isinstance(expr, Load):
        return sum(map(_of_index, expr.indices))
    cost = _cost(expr)
    if _is_of_places(expr):
        return 0.5 * cost + sum(_count(below, counts) for below in operands(expr))
    if cost:
        bits = 8 * max(dtypes.size_bytes(e.dtype) for e in (expr, *operands(expr))) * expr.lanes
        counts[bits] = counts.get(bits, 0.0) + cost
    return sum(_count(below, counts) for below in operands(expr))


def _is_of_places(expr: Expr) -> bool:
    """Whether an operation works on places, such as a condition of an edge."""
    below = operands(expr)
    return bool(below) and all(
        e.dtype == INDEX or (isinstance(e, Binary) and _is_of_places(e)) for e in below
    )


def _cost(expr: Expr) -> float:
    if isinstance(expr, Binary):
        if expr.op in ("/", "//", "%"):
            return DIVISION
        fused = expr.op in ("+", "-") and is_float(expr.dtype)
        products = sum(isinstance(e, Binary) and e.op == "*" for e in (expr.a, expr.b))
        return 1.0 - (1.0 if fused and products else 0.0)
    if isinstance(expr, Call):
        return FUNCTIONS.get(expr.function, OTHER_FUNCTION)
    return 1.0 if isinstance(expr, (Select, Cast)) else 0.0


def _of_index(expr: Expr) -> float:
    """Instructions of a place beyond what addressing does by itself."""
    cost = 0.0
    if isinstance(expr, Binary):
        if expr.op in ("//", "%"):
            divisor = expr.b.value if isinstance(expr.b, Const) else 0
            cost = 1.0 if divisor and not int(divisor) & (int(divisor) - 1) else INTEGER_DIVISION
        elif expr.op not in ("+", "-", "*"):
            cost = 1.0
    elif isinstance(expr, Load):
        cost = 1.0
    return cost + sum(_of_index(below) for below in operands(expr))
