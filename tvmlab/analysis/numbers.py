"""Which values of a lowered program are numbers for certain: never NaN.

The greater of two values ignores NaN, so whatever is folded that way from a number on stays one:

    M[0] = -inf
    for k: M[0] = max(M[0], A[k])

A processor's own maximum takes its second operand where either is NaN, and where that one is known
to be a number nothing needs to be mended.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Const, Expr, Select
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.program import Let, Stmt, Store
from tvmlab.ir.walk import stmts

Named = Buffer | Local


def numbers(body: Stmt) -> frozenset[Named]:
    """The named values and the buffers of scope `register` that hold no NaN, ever.

    Registers are set before they are read; of memory one part may be set and another read.
    """
    values: dict[Named, list[Expr]] = {}
    for s in stmts(body):
        if isinstance(s, Let):
            values.setdefault(s.var, []).append(s.value)
        elif isinstance(s, Store) and s.buffer.scope == "register":
            values.setdefault(s.buffer, []).append(s.value)
    known = set(values)
    while wrong := {n for n in known if not all(is_number(v, known) for v in values[n])}:
        known -= wrong
    return frozenset(known)


def is_number(value: Expr, known: Iterable[Named]) -> bool:
    """Whether a value is never NaN where those that `known` names are not."""
    if not dtypes.is_float(value.dtype):
        return True
    if isinstance(value, Const):
        return not isnan(value.value)
    if isinstance(value, Load):
        return value.buffer in known
    if isinstance(value, Local):
        return value in known
    if isinstance(value, Slice):
        return is_number(value.value, known)
    if isinstance(value, Select):
        return is_number(value.a, known) and is_number(value.b, known)
    if isinstance(value, Binary) and value.op in ("min", "max"):
        return is_number(value.a, known) or is_number(value.b, known)
    return False
