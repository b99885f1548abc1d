"""Functions of integers, by the names TVM gives them.

`//` and `%` are `floordiv` and `floormod`. Division by zero is undefined in all of them.
"""

from __future__ import annotations

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Const, Expr, ExprLike, as_expr, binary, const
from tvmlab.ir.functions import call


def floordiv(a: ExprLike, b: ExprLike) -> Expr:
    """`a // b`: the quotient rounded towards minus infinity."""
    return binary("//", a, b)


def floormod(a: ExprLike, b: ExprLike) -> Expr:
    """`a % b`: what `floordiv` leaves; it has the sign of b."""
    return binary("%", a, b)


def truncdiv(a: ExprLike, b: ExprLike) -> Expr:
    """The quotient rounded towards zero, as in C; of the least integer by -1 it is that integer."""
    return call("truncdiv", a, b)


def truncmod(a: ExprLike, b: ExprLike) -> Expr:
    """What `truncdiv` leaves, as in C: it has the sign of a."""
    return call("truncmod", a, b)


def ceildiv(a: ExprLike, b: ExprLike) -> Expr:
    """The quotient rounded towards plus infinity; as it is calculated, `a + b - 1` may wrap."""
    return (as_expr(a) + (as_expr(b) - 1)) // b


def indexdiv(a: ExprLike, b: ExprLike) -> Expr:
    """`a // b`, of what is not negative."""
    return binary("//", a, b)


def indexmod(a: ExprLike, b: ExprLike) -> Expr:
    """`a % b`, of what is not negative."""
    return binary("%", a, b)


def div(a: ExprLike, b: ExprLike) -> Expr:
    """`a / b` as C divides: `truncdiv` of integers, the quotient of floats."""
    is_float = any(isinstance(x, float) or _is_float(x) for x in (a, b))
    return binary("/", a, b) if is_float else truncdiv(a, b)


def _is_float(x: ExprLike) -> bool:
    return isinstance(x, Expr) and dtypes.is_float(x.dtype)


def bitwise_and(a: ExprLike, b: ExprLike) -> Expr:
    """`a & b` of integers: the bits that are set in both."""
    return binary("&", a, b)


def bitwise_or(a: ExprLike, b: ExprLike) -> Expr:
    """`a | b` of integers: the bits that are set in either."""
    return binary("|", a, b)


def bitwise_xor(a: ExprLike, b: ExprLike) -> Expr:
    """`a ^ b` of integers: the bits that are set in one only."""
    return binary("^", a, b)


def bitwise_not(x: ExprLike) -> Expr:
    """`~x` of an integer: the bits that are not set.

    Raises:
        ExpressionError: x is no integer.
    """
    value = as_expr(x)
    if not dtypes.is_integer(value.dtype):
        raise ExpressionError(f"bitwise_not works on integers, and this is {value.dtype}.")
    return ~value


def shift_left(x: ExprLike, amount: ExprLike) -> Expr:
    """`x << amount`; undefined unless the amount is 0 or more, and less than x has bits."""
    return binary("<<", x, amount)


def shift_right(x: ExprLike, amount: ExprLike) -> Expr:
    """`x >> amount`, which repeats the sign of signed integers; undefined as `shift_left`."""
    return binary(">>", x, amount)


def clz(x: ExprLike) -> Expr:
    """How many bits above the highest set one x has, in x's dtype; all of them if x is zero."""
    return call("clz", x)


def popcount(x: ExprLike) -> Expr:
    """How many bits of x are set, in x's dtype."""
    return call("popcount", x)


def infinity(dtype: str = "float32") -> Const:
    """Infinity of a float dtype.

    Raises:
        ExpressionError: the dtype has none.
    """
    dtype = dtypes.check_dtype(dtype)
    if not dtypes.is_float(dtype):
        raise ExpressionError(f"{dtype} has no infinity; use max_value({dtype!r}).")
    return const(dtypes.highest(dtype), dtype)
