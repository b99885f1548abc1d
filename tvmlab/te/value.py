"""Constants, conversions and conditions, by the names TVM gives them."""

from __future__ import annotations

from functools import reduce

from tvmlab.errors import ExpressionError, brief
from tvmlab.ir import dtypes, expr
from tvmlab.ir.expr import Const, Expr, ExprLike, as_expr, binary, select


def const(value: bool | int | float, dtype: str | None = None) -> Const:
    """The number `value` as a constant; without a dtype it is bool, int64 or float32.

    Raises:
        ExpressionError: the value does not fit the dtype.
    """
    given = as_expr(value)
    if not isinstance(given, Const):
        raise ExpressionError(f"{brief(value)} is no number; use it as it stands, or t.cast.")
    return expr.const(given.value, given.dtype if dtype is None else dtypes.check_dtype(dtype))


def cast(value: ExprLike, dtype: str) -> Expr:
    """`value` converted to `dtype`, as `value.astype(dtype)`; floats truncate towards zero."""
    return expr.cast(dtype, value)


def if_then_else(condition: ExprLike, a: ExprLike, b: ExprLike) -> Expr:
    """`a` where the condition holds, else `b`: `select`, which evaluates the chosen side only."""
    return select(condition, a, b)


def all(*conditions: ExprLike) -> Expr:
    """Whether every one of the conditions holds; without any it does."""
    return reduce(lambda a, b: binary("and", a, b), map(as_expr, conditions), as_expr(True))


def any(*conditions: ExprLike) -> Expr:
    """Whether at least one of the conditions holds; without any it does not."""
    return reduce(lambda a, b: binary("or", a, b), map(as_expr, conditions), as_expr(False))
