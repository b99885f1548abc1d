"""What the operators make of constants.

`//` and `%` round towards minus infinity. `& | ^` and the shifts see two's complement with the
sign repeated for ever, so that `>>` is arithmetic on negative numbers; an unsigned number is never
negative, and its shift therefore logical.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.bfloat16 import nearest

OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "min": min,
    "max": max,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
"""Arithmetic on Python's own integers, before any wrap-around."""

_CONDITIONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "and": lambda x, y: bool(x) and bool(y),
    "or": lambda x, y: bool(x) or bool(y),
}

RIGHT_NEUTRAL = {
    "+": 0, "-": 0, "*": 1, "//": 1, "|": 0, "^": 0, "<<": 0, ">>": 0, "and": 1, "or": 0,
}  # fmt: skip
"""What changes nothing on the right of an operator."""

LEFT_NEUTRAL = {"+": 0, "*": 1, "|": 0, "^": 0, "and": 1, "or": 0}
"""What changes nothing on its left."""

ABSORBING = {"*": 0, "&": 0, "and": 0}
"""What decides the result on either side."""


def rounding(dtype: str) -> Callable[[Any], Any]:
    """What makes a NumPy scalar of a float dtype of a number, rounding once."""
    return nearest if dtype == "bfloat16" else np.dtype(dtype).type


def folded(op: str, dtype: str, x: int | float, y: int | float) -> int | None:
    """`x op y` of two constants of `dtype`, or None where that would round or is undefined."""
    is_float = dtypes.is_float(dtype)
    if op in _CONDITIONS:
        if is_float:  # two literals may be one number of the dtype
            x, y = map(rounding(dtype), (x, y))
        return int(_CONDITIONS[op](x, y))
    if is_float:
        return None  # left to the machine, which rounds to the dtype
    is_shift = op in ("<<", ">>")
    if (op in ("//", "%") and y == 0) or (is_shift and not 0 <= y < dtypes.bits(dtype)):
        return None  # and may never be evaluated
    value = OPERATIONS[op](int(x), int(y))
    fits = dtypes.lowest(dtype) <= value <= dtypes.highest(dtype)
    return value if fits else None  # wraps around: left to the machine as well


def check_shift(amount: int, dtype: str) -> None:
    """Refuse a shift of `dtype` by a number of bits that is not defined.

    Raises:
        ExpressionError: it is negative, or not less than the dtype's bits.
    """
    if not 0 <= amount < dtypes.bits(dtype):
        raise ExpressionError(
            f"a shift of {dtype} by {amount} bits is not defined; "
            f"shift by 0 to {dtypes.bits(dtype) - 1}."
        )
