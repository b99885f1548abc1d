"""Functions of scalars, by the names NumPy gives them."""

from __future__ import annotations

from tvmlab.ir.expr import Expr, ExprLike, as_expr, const
from tvmlab.ir.functions import call


def exp(x: ExprLike) -> Expr:
    """e to the power of x (float)."""
    return call("exp", x)


def log(x: ExprLike) -> Expr:
    """Natural logarithm (float)."""
    return call("log", x)


def sqrt(x: ExprLike) -> Expr:
    """Square root (float)."""
    return call("sqrt", x)


def tanh(x: ExprLike) -> Expr:
    """Hyperbolic tangent (float)."""
    return call("tanh", x)


def sigmoid(x: ExprLike) -> Expr:
    """1 / (1 + exp(-x)) (float)."""
    value = as_expr(x)
    one = const(1, value.dtype)
    return one / (one + call("exp", -value))


def abs(x: ExprLike) -> Expr:
    """Absolute value; of the smallest signed integer it is that integer, as in hardware."""
    return call("abs", x)


def pow(x: ExprLike, y: ExprLike) -> Expr:
    """x to the power of y (float)."""
    return call("pow", x, y)


def floor(x: ExprLike) -> Expr:
    """Largest whole number not above x (float)."""
    return call("floor", x)


def ceil(x: ExprLike) -> Expr:
    """Smallest whole number not below x (float)."""
    return call("ceil", x)
