"""Arrays with error bounds: what any faithful evaluation in a dtype may differ by.

A float is held as its value in float64 and a bound on how far a kernel, which rounds every
operation to its dtype, may be from it. The analysis is the textbook's running one (Higham,
Accuracy and Stability of Numerical Algorithms, 2nd edition, chapters 3 and 4): each operation
adds half a unit in the last place of its result to what its operands hand on. A contraction into
a fused multiply-add rounds less often and stays within. Integers and conditions are exact, with
the wrap-around of their dtype, unless they were decided by a float within its bound.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tvmlab.ir import dtypes
from tvmlab.ir.expr import COMPARISONS

Array = np.ndarray[Any, Any]
Error = Array | float
"""A bound for each element, or 0.0 where every element is exact."""


class Bounded(NamedTuple):
    """Elements of `dtype` and a bound on the error of each.

    Attributes:
        value: float64 for float dtypes once computed (a stored tensor keeps its own dtype),
            else the NumPy dtype of that name.
        error: broadcastable to `value`; infinite where the result is undecided.
        dtype: what a kernel computes it in.
    """

    value: Array
    error: Error
    dtype: str


class Precision(NamedTuple):
    """Rounding of a float dtype.

    Attributes:
        unit: largest relative rounding error of one operation, plus the reference's own.
        tiny: largest absolute rounding error of a result below the normal range.
        flushed: what a library function may lose by returning zero for a subnormal.
        largest: largest finite value.
    """

    unit: float
    tiny: float
    flushed: float
    largest: float


@cache
def precision(dtype: str) -> Precision:
    """The rounding of `dtype`."""
    info, reference = dtypes.finfo(dtype), np.finfo(np.float64)
    # The functions of the 16-bit floats go by float32.
    wide = np.finfo(np.float64 if dtype == "float64" else np.float32)
    return Precision(
        float(info.eps) / 2 + float(reference.eps) / 2,
        float(info.smallest_subnormal),
        float(wide.tiny) + 4 * float(info.smallest_subnormal),
        float(info.max),
    )


def is_exact(error: Error) -> bool:
    """Whether an error is the constant zero."""
    return isinstance(error, float) and error == 0.0


def wide(x: Bounded) -> Array:
    """The values, in float64 if they are floats."""
    return x.value.astype(np.float64, copy=False) if dtypes.is_float(x.dtype) else x.value


def rounded(
    value: Array, handed_on: Error, dtype: str, units: float, lost: float, firm: Array | bool
) -> Bounded:
    """A computed float: `handed_on` by the operands, and `units` roundings of the result.

    Args:
        lost: absolute error on top, of results near zero.
        firm: where a result that is infinite or NaN is surely so.
    """
    p = precision(dtype)
    size = np.abs(value)
    error = size * (units * p.unit)
    if not is_exact(handed_on):
        error += handed_on
        error *= 1 + units * p.unit
    error += lost
    if size.size and not size.max() + np.max(error) < p.largest:  # also true of NaN
        overflow = (size - error > p.largest) & np.isfinite(value)
        value = np.where(overflow, np.copysign(np.inf, value), value)
        settled = ~np.isfinite(value)
        error = np.where(settled, np.where(firm | overflow, 0.0, np.inf), error)
        error = np.where((size + error <= p.largest) | settled, error, np.inf)
    return Bounded(value, error, dtype)


# ---------------------------------------------------------------- operators


def binary(op: str, a: Bounded, b: Bounded) -> Bounded:
    """`a op b` by the meaning of `tvmlab.ir`."""
    if op in COMPARISONS:
        return _compare(op, a, b)
    if op in ("and", "or"):
        return _logical(op, a, b)
    if op in ("min", "max"):
        x, y = wide(a), wide(b)
        value = (np.fmin if op == "min" else np.fmax)(x, y)
        exact = is_exact(a.error) and is_exact(b.error)
        return Bounded(value, 0.0 if exact else np.maximum(a.error, b.error), a.dtype)
    return (_float if dtypes.is_float(a.dtype) else _integer)(op, a, b)


def _float(op: str, a: Bounded, b: Bounded) -> Bounded:
    x, y, dtype = wide(a), wide(b), a.dtype
    exact = is_exact(a.error) and is_exact(b.error)
    if op in ("+", "-"):
        value = x + y if op == "+" else x - y
        handed_on = 0.0 if exact else a.error + b.error
        # An infinite operand swallows the other's error.
        firm = exact or np.isfinite(handed_on)
        return rounded(value, handed_on, dtype, 1, 0.0, firm)
    firm = exact or ((np.asarray(a.error) == 0) & (np.asarray(b.error) == 0))
    if op == "*":
        return rounded(x * y, _product_error(a, b), dtype, 1, precision(dtype).tiny, firm)
    assert op == "/"
    value = x / y
    handed_on = 0.0
    if not exact:
        room = np.abs(y) - b.error
        handed_on = np.where(room > 0, (a.error + np.abs(value) * b.error) / room, np.inf)
    return rounded(value, handed_on, dtype, 1, precision(dtype).tiny, firm)


def _product_error(a: Bounded, b: Bounded) -> Error:
    """What the factors' errors come to in their product."""
    error: Error = 0.0
    if not is_exact(a.error):
        error = np.abs(wide(b)) * a.error
    if not is_exact(b.error):
        error = error + (np.abs(wide(a)) + a.error) * b.error
    return error


def _integer(op: str, a: Bounded, b: Bounded) -> Bounded:
    x, y = a.value, b.value
    operators = {
        "+": np.add, "-": np.subtract, "*": np.multiply, "//": np.floor_divide, "%": np.remainder,
        "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor,
        "<<": np.left_shift, ">>": np.right_shift,
    }  # fmt: skip
    value = operators[op](x, y)
    if is_exact(a.error) and is_exact(b.error):
        return Bounded(value, 0.0, a.dtype)
    if op in ("+", "-"):
        error = np.asarray(a.error + b.error)
    elif op == "*":
        error = np.asarray(_product_error(a, b))
    else:
        error = undecided(a.error, b.error)
    # Where an undecided operand may wrap around, nothing is known.
    span = dtypes.highest(a.dtype) - np.abs(value.astype(np.float64))
    return Bounded(value, np.where((error > 0) & (error >= span), np.inf, error), a.dtype)


def undecided(*errors: Error) -> Array:
    """Infinite where an operand is inexact, else zero."""
    inexact = np.asarray(False)
    for error in errors:
        inexact = inexact | (np.asarray(error) > 0)
    return np.where(inexact, np.inf, 0.0)


def _compare(op: str, a: Bounded, b: Bounded) -> Bounded:
    functions = {
        "==": np.equal, "!=": np.not_equal, "<": np.less,
        "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    }  # fmt: skip
    x, y = wide(a), wide(b)
    value = functions[op](x, y)
    if is_exact(a.error) and is_exact(b.error):
        return Bounded(value, 0.0, "bool")
    if a is b:  # x != x asks for NaN, whatever the error
        return Bounded(value, np.where(np.isinf(np.asarray(a.error)), np.inf, 0.0), "bool")
    reach = np.asarray(a.error + b.error)
    near = (np.abs(x.astype(np.float64) - y.astype(np.float64)) <= reach) & (reach > 0)
    return Bounded(value, np.where(near | np.isinf(reach), np.inf, 0.0), "bool")


def _logical(op: str, a: Bounded, b: Bounded) -> Bounded:
    value = a.value & b.value if op == "and" else a.value | b.value
    if is_exact(a.error) and is_exact(b.error):
        return Bounded(value, 0.0, "bool")
    # A side that is decided, and decides the whole, settles the other's doubt.
    decisive = op == "or"
    settled = ((a.value == decisive) & (np.asarray(a.error) == 0)) | (
        (b.value == decisive) & (np.asarray(b.error) == 0)
    )
    return Bounded(value, np.where(settled, 0.0, undecided(a.error, b.error)), "bool")


def choose(condition: Bounded, a: Bounded, b: Bounded) -> Bounded:
    """`select(condition, a, b)`; in doubt, either side."""
    x, y = wide(a), wide(b)
    value = np.where(condition.value, x, y)
    if is_exact(condition.error) and is_exact(a.error) and is_exact(b.error):
        return Bounded(value, 0.0, a.dtype)
    error = np.where(condition.value, a.error, b.error)
    if not is_exact(condition.error):
        apart = np.abs(x.astype(np.float64) - y.astype(np.float64))
        either = np.maximum(a.error, b.error) + np.where(np.isnan(apart), np.inf, apart)
        error = np.where(np.asarray(condition.error) > 0, either, error)
    return Bounded(value, error, a.dtype)


def convert(dtype: str, x: Bounded) -> Bounded:
    """`x` converted to `dtype`; floats truncate towards zero to integers."""
    source = x.dtype
    if dtype == "bool":
        return _compare("!=", x, Bounded(np.zeros((), wide(x).dtype), 0.0, source))
    if dtypes.is_float(dtype):
        value = wide(x).astype(np.float64)
        if _holds_all(dtype, source):
            return Bounded(value, x.error, dtype)
        return rounded(value, x.error, dtype, 1, precision(dtype).tiny, np.isfinite(x.error))
    if not dtypes.is_float(source):
        same = dtypes.bits(dtype) > dtypes.bits(source) or is_exact(x.error)
        return Bounded(x.value.astype(dtype), x.error if same else undecided(x.error), dtype)
    value = np.trunc(wide(x))
    low, high = float(dtypes.lowest(dtype)), float(dtypes.highest(dtype))
    inside = (value >= low) & (value <= high) & (value < 2.0**63)
    error: Error = 0.0
    if not is_exact(x.error):
        above, below = np.trunc(wide(x) + x.error), np.trunc(wide(x) - x.error)
        error = np.maximum(above - value, value - below)
        inside &= (below >= low) & (above <= high)
    if not inside.all():  # out of range is undefined
        error = np.where(inside, error, np.inf)
        value = np.where(inside, value, 0.0)
    return Bounded(value.astype(dtype), error, dtype)


def _holds_all(dtype: str, source: str) -> bool:
    """Whether every value of `source` is a value of the float `dtype`."""
    if source == "bool":
        return True
    digits = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
    if dtypes.is_float(source):
        wider = dtypes.bits(dtype) > dtypes.bits(source)  # float16 has less range than bfloat16
        return wider or dtype == source
    return dtypes.bits(source) <= digits[dtype]
