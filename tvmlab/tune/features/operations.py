"""How many operations of each kind a statement makes, in the manner of Ansor's features."""

from __future__ import annotations

from collections.abc import Iterable

from tvmlab.ir.buffer import Load
from tvmlab.ir.dtypes import is_float
from tvmlab.ir.expr import COMPARISONS, LOGICAL, Binary, Call, Expr, Select
from tvmlab.ir.walk import operands

OPERATIONS = (
    "float add", "float multiply", "float divide", "float compare", "float function",
    "integer add", "integer multiply", "integer divide", "integer compare", "integer function",
    "logical", "select",
)  # fmt: skip
"""What is counted; a subtraction is an add, a remainder a divide, min and max compare, bits and
shifts are adds. Arithmetic on indices is not counted: lowering moves it out of loops."""

Operations = tuple[int, ...]
"""One count for each of `OPERATIONS`."""

_KINDS = {"*": 1, "/": 2, "//": 2, "%": 2, "min": 3, "max": 3, **dict.fromkeys(COMPARISONS, 3)}


def operations(values: Iterable[Expr]) -> Operations:
    """The operations on elements that computing `values` takes."""
    counts = [0] * len(OPERATIONS)
    for value in values:
        _count(value, counts)
    return tuple(counts)


def _count(expr: Expr, counts: list[int]) -> None:
    if isinstance(expr, Load):
        return
    if isinstance(expr, Select):
        counts[11] += 1
    elif isinstance(expr, Call):
        counts[4 if is_float(expr.dtype) else 9] += 1
    elif isinstance(expr, Binary):
        if expr.op in LOGICAL:
            counts[10] += 1
        else:
            counts[_KINDS.get(expr.op, 0) + (0 if is_float(expr.a.dtype) else 5)] += 1
    for below in operands(expr):
        _count(below, counts)
