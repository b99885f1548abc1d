"""Functions of floats, by the names TVM gives them; those it has of C or NumPy have its meaning."""

from __future__ import annotations

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Expr, ExprLike, as_expr, binary, cast, const, maximum, minimum
from tvmlab.ir.functions import call
from tvmlab.te.integer import infinity


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
    return call("sigmoid", x)


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


def exp2(x: ExprLike) -> Expr:
    """2 to the power of x (float)."""
    return call("exp2", x)


def exp10(x: ExprLike) -> Expr:
    """10 to the power of x (float)."""
    return call("exp10", x)


def expm1(x: ExprLike) -> Expr:
    """exp(x) - 1, exact also near zero (float)."""
    return call("expm1", x)


def log2(x: ExprLike) -> Expr:
    """Logarithm in base 2 (float)."""
    return call("log2", x)


def log10(x: ExprLike) -> Expr:
    """Logarithm in base 10 (float)."""
    return call("log10", x)


def log1p(x: ExprLike) -> Expr:
    """log(1 + x), exact also near zero (float)."""
    return call("log1p", x)


def rsqrt(x: ExprLike) -> Expr:
    """1 / sqrt(x) (float)."""
    return call("rsqrt", x)


def erf(x: ExprLike) -> Expr:
    """The error function (float)."""
    return call("erf", x)


def sin(x: ExprLike) -> Expr:
    """Sine of an angle in radians (float)."""
    return call("sin", x)


def cos(x: ExprLike) -> Expr:
    """Cosine of an angle in radians (float)."""
    return call("cos", x)


def tan(x: ExprLike) -> Expr:
    """Tangent of an angle in radians (float)."""
    return call("tan", x)


def asin(x: ExprLike) -> Expr:
    """The angle whose sine is x, from -pi/2 to pi/2; NaN beyond 1 (float)."""
    return call("asin", x)


def acos(x: ExprLike) -> Expr:
    """The angle whose cosine is x, from 0 to pi; NaN beyond 1 (float)."""
    return call("acos", x)


def atan(x: ExprLike) -> Expr:
    """The angle whose tangent is x, from -pi/2 to pi/2 (float)."""
    return call("atan", x)


def sinh(x: ExprLike) -> Expr:
    """Hyperbolic sine (float)."""
    return call("sinh", x)


def cosh(x: ExprLike) -> Expr:
    """Hyperbolic cosine (float)."""
    return call("cosh", x)


def asinh(x: ExprLike) -> Expr:
    """Inverse of sinh (float)."""
    return call("asinh", x)


def acosh(x: ExprLike) -> Expr:
    """Inverse of cosh; NaN below 1 (float)."""
    return call("acosh", x)


def atanh(x: ExprLike) -> Expr:
    """Inverse of tanh; NaN beyond 1 (float)."""
    return call("atanh", x)


def trunc(x: ExprLike) -> Expr:
    """The whole number next to x towards zero (float)."""
    return call("trunc", x)


def round(x: ExprLike) -> Expr:
    """The nearest whole number; halfway the one further from zero, as in C (float)."""
    return call("round", x)


def nearbyint(x: ExprLike) -> Expr:
    """The nearest whole number; halfway the even one, as NumPy's rint (float)."""
    return call("nearbyint", x)


def tf32(x: ExprLike) -> Expr:
    """x with 10 bits of mantissa, as TensorCores multiply float32; halfway between two such the one
    further from zero."""
    return call("tf32", x)


def power(x: ExprLike, y: ExprLike) -> Expr:
    """x to the power of y (float); another name of `pow`."""
    return call("pow", x, y)


def atan2(y: ExprLike, x: ExprLike) -> Expr:
    """The angle of the point (x, y), from -pi to pi (float)."""
    return call("atan2", y, x)


def hypot(x: ExprLike, y: ExprLike) -> Expr:
    """sqrt(x^2 + y^2), without overflow on the way (float)."""
    return call("hypot", x, y)


def fmod(x: ExprLike, y: ExprLike) -> Expr:
    """What is left of x after whole multiples of y, with the sign of x, as in C (float)."""
    return call("fmod", x, y)


def copysign(x: ExprLike, y: ExprLike) -> Expr:
    """The magnitude of x with the sign of y (float)."""
    return call("copysign", x, y)


def ldexp(x: ExprLike, n: ExprLike) -> Expr:
    """x times 2 to the power of n: a float and an integer.

    Raises:
        ExpressionError: n is not an integer, or x no float.
    """
    value, exponent = as_expr(x), as_expr(n)
    if not dtypes.is_integer(exponent.dtype):
        raise ExpressionError(
            f"ldexp multiplies by 2 to an integer, and was given {exponent.dtype}; use exp2."
        )
    if dtypes.is_float(value.dtype) and dtypes.bits(value.dtype) < 32:
        return cast(value.dtype, ldexp(cast("float32", value), exponent))
    return call("ldexp", value, cast(value.dtype, exponent))


def fabs(x: ExprLike) -> Expr:
    """Absolute value; another name of `abs`."""
    return call("abs", x)


def clip(x: ExprLike, low: ExprLike, high: ExprLike) -> Expr:
    """x where it lies between two bounds, else the nearer bound."""
    return maximum(minimum(x, high), low)


def isnan(x: ExprLike) -> Expr:
    """Whether x is NaN; an integer never is."""
    value = as_expr(x)
    return binary("!=", value, value)


def isinf(x: ExprLike) -> Expr:
    """Whether x is infinite, of either sign; an integer never is."""
    value = as_expr(x)
    if not dtypes.is_float(value.dtype):
        return const(False, "bool")
    return binary("==", call("abs", value), infinity(value.dtype))


def isfinite(x: ExprLike) -> Expr:
    """Whether x is neither infinite nor NaN; an integer always is finite."""
    value = as_expr(x)
    if not dtypes.is_float(value.dtype):
        return const(True, "bool")
    return call("abs", value) < infinity(value.dtype)
