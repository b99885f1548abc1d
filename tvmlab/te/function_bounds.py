"""The scalar functions on arrays with error bounds.

Each function hands its argument's error on by the steepest slope within that error, and may
itself be off by the units in the last place that `tvmlab.ir.functions` allows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tvmlab.ir import dtypes
from tvmlab.ir.functions import FUNCTIONS
from tvmlab.te.bounded import Array, Bounded, Error, is_exact, precision, rounded, undecided, wide

Slope = Callable[[Array, Array, Error], Array]
"""From argument, result and the argument's error to the error handed on."""


def apply(name: str, args: tuple[Bounded, ...]) -> Bounded:
    """The function `name` of `args`."""
    function = FUNCTIONS[name]
    values = [wide(a) for a in args]
    value = function.reference(*values)
    dtype = args[0].dtype
    exact = all(is_exact(a.error) for a in args)
    if not dtypes.is_float(dtype):
        keeps = exact or name == "abs"
        error = args[0].error if keeps else undecided(*[a.error for a in args])
        return Bounded(value, error, dtype)
    if exact:
        handed_on: Error = 0.0
    elif len(args) == 2:
        handed_on = _SLOPES_OF_TWO[name](values[0], values[1], value, args[0].error, args[1].error)
    else:
        handed_on = _SLOPES[name](values[0], value, args[0].error)
    if function.ulps == 0:
        return Bounded(value, handed_on, dtype)
    firm = np.asarray(True)
    for a in args:
        firm = firm & (np.asarray(a.error) == 0)
    # One unit in the last place is two units of rounding; the last one is NumPy's own.
    return rounded(value, handed_on, dtype, 2 * (function.ulps + 1), precision(dtype).flushed, firm)


def _log(x: Array, y: Array, error: Error) -> Array:
    return np.asarray(np.where(error < x, -np.log1p(-np.asarray(error) / x), np.inf))


def _exp(x: Array, y: Array, error: Error) -> Array:
    # Far below zero the value is zero, and so it stays with any error that leads nowhere near.
    wide_error = np.asarray(error) >= 1
    return np.where(wide_error, np.exp(x + error) - y, y * np.expm1(np.minimum(error, 1.0)))


def _sqrt(x: Array, y: Array, error: Error) -> Array:
    # Below zero the root is NaN: an argument that may be there leaves the result undecided.
    lower = np.sqrt(np.maximum(x - error, 0.0))
    return np.where((error <= x) | (np.asarray(error) == 0), y - lower, np.inf)


def _tanh(x: Array, y: Array, error: Error) -> Array:
    flattest = np.tanh(np.maximum(np.abs(x) - error, 0.0))
    return np.asarray(error * (1.0 - flattest * flattest))


def _monotone(name: str) -> Slope:
    """Of a function that only rises or only falls: how far it goes at the ends of the error."""
    function = FUNCTIONS[name].reference

    def slope(x: Array, y: Array, error: Error) -> Array:
        reach = np.maximum(np.abs(function(x + error) - y), np.abs(function(x - error) - y))
        return np.asarray(np.where(np.isnan(reach) & (np.asarray(error) > 0), np.inf, reach))

    return slope


def _sinusoid(x: Array, y: Array, error: Error) -> Array:
    return np.asarray(np.minimum(error, 2.0))


def _tan(x: Array, y: Array, error: Error) -> Array:
    low, high = np.floor((x - error) / np.pi + 0.5), np.floor((x + error) / np.pi + 0.5)
    return np.where(low == high, _monotone("tan")(x, y, error), np.inf)


_MONOTONE = (
    "exp2", "exp10", "expm1", "log2", "log10", "log1p", "rsqrt", "sigmoid", "sinh", "asinh",
    "acosh", "atanh", "erf", "asin", "acos", "atan", "floor", "ceil", "trunc", "round",
    "nearbyint", "tf32",
)  # fmt: skip

_SLOPES: dict[str, Slope] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "tanh": _tanh,
    "abs": lambda x, y, error: np.asarray(error),
    "cosh": lambda x, y, error: np.cosh(np.abs(x) + error) - y,
    "sin": _sinusoid,
    "cos": _sinusoid,
    "tan": _tan,
    **{name: _monotone(name) for name in _MONOTONE},
}


def _power_error(x: Array, y: Array, value: Array, x_error: Error, y_error: Error) -> Array:
    """The error of x ** y: relative where x keeps its sign, else by the slope of x ** y, y >= 1."""
    size = np.abs(x)
    relative = np.where(x_error < size, -np.log1p(-np.asarray(x_error) / size), np.inf)
    exponent = np.abs(y) * relative + y_error * (np.abs(np.log(size)) + relative)
    by_ratio = np.abs(value) * np.expm1(exponent)
    certain = np.asarray(y_error) == 0
    whole = certain & (y == np.floor(y))
    by_slope = np.abs(y) * x_error * (size + x_error) ** (y - 1)
    error = np.where(whole & (y >= 1), by_slope, by_ratio)
    error = np.where(certain & (np.asarray(x_error) == 0), 0.0, error)
    keeps_sign = (x > 0) & (x > x_error)
    return np.asarray(
        np.where(keeps_sign | whole | (certain & (np.asarray(x_error) == 0)), error, np.inf)
    )


def _hypot(x: Array, y: Array, value: Array, x_error: Error, y_error: Error) -> Array:
    return np.asarray(x_error + y_error)


def _atan2(y: Array, x: Array, value: Array, y_error: Error, x_error: Error) -> Array:
    """An angle turns by no more than the way across it; at the cut behind zero it may jump."""
    across = np.asarray(x_error + y_error)
    room = np.hypot(x, y) - across
    jumps = (np.abs(y) <= y_error) & (x - x_error <= 0) & (np.asarray(y_error) > 0)
    return np.where((room > 0) & ~jumps, across / np.where(room > 0, room, 1.0), np.inf)


def _copysign(x: Array, y: Array, value: Array, x_error: Error, y_error: Error) -> Array:
    sign_known = (np.abs(y) > y_error) | (np.asarray(y_error) == 0)
    return np.where(sign_known, x_error, 2 * np.abs(x) + x_error)


def _ldexp(x: Array, n: Array, value: Array, x_error: Error, n_error: Error) -> Array:
    moved = FUNCTIONS["ldexp"].reference(np.asarray(x_error) + np.zeros_like(n), n)
    return np.where(np.asarray(n_error) == 0, moved, np.inf)


_SLOPES_OF_TWO: dict[str, Callable[[Array, Array, Array, Error, Error], Array]] = {
    "pow": _power_error,
    "hypot": _hypot,
    "atan2": _atan2,
    "copysign": _copysign,
    "ldexp": _ldexp,
    "fmod": lambda x, y, value, x_error, y_error: undecided(x_error, y_error),
}
