"""How many lanes of a statement one access to memory may move."""

from __future__ import annotations

from tvmlab.arith.simplify import linear
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr
from tvmlab.targets.cfamily.dialect import Dialect
from tvmlab.targets.cfamily.values import Values

Row = tuple[Buffer, tuple[Expr, ...]]
"""An access whose lanes are neighbours in memory."""


def width_of(values: Values, dialect: Dialect, rows: list[Row], lanes: int) -> int:
    """Lanes that every row can be moved by at once; 1 where there is no row or no such number."""
    for width in dialect.widths if rows else ():
        if lanes % width == 0 and all(_moves(values, dialect, row, width) for row in rows):
            return width
    return 1


def _moves(values: Values, dialect: Dialect, row: Row, width: int) -> bool:
    buffer, indices = row
    if width * dtypes.size_bytes(buffer.dtype) > dialect.vector_bytes:
        return False
    if not dialect.needs_alignment:
        return True
    total = linear(values.offset(buffer, indices), values.ranges)
    return all(factor % width == 0 for factor in (total.constant, *total.terms.values()))
