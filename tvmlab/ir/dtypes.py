"""Data types: names, sizes, kinds, and the type that two operands meet at.

A dtype is its NumPy name. `index` arithmetic (loop variables, shapes) is int64. Integers wrap
around modulo 2**bits, as in two's-complement hardware; floats follow IEEE 754. bfloat16 is float32
with the low half of its bits rounded away (to the nearest, ties to even); importing this module
makes NumPy know it, by way of ml_dtypes.
"""

from __future__ import annotations

from functools import cache

import ml_dtypes

from tvmlab.errors import ExpressionError

INDEX = "int64"

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
ALL = ("bool", *SIGNED, *UNSIGNED, *FLOATS)


def check_dtype(dtype: object) -> str:
    """The name of `dtype`, which may be given as NumPy's `np.float32` or `np.dtype("float32")` too.

    Raises:
        ExpressionError: it is not one of `ALL`.
    """
    name = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", str(dtype))
    if name not in ALL:
        raise ExpressionError(f"dtype {name!r} is not known; use one of {', '.join(ALL)}.")
    return name


@cache
def bits(dtype: str) -> int:
    """Width of one element in bits (bool counts as 8: it is stored in a byte)."""
    return 8 if dtype == "bool" else int(dtype.lstrip("uintbfloa"))


def finfo(dtype: str) -> ml_dtypes.finfo:
    """The limits of a float dtype, as `np.finfo` tells those of NumPy's own."""
    return ml_dtypes.finfo(dtype)


def size_bytes(dtype: str) -> int:
    """Size of one element in memory, in bytes."""
    return bits(dtype) // 8


def is_float(dtype: str) -> bool:
    """Whether `dtype` is an IEEE floating-point type."""
    return dtype in FLOATS


def is_integer(dtype: str) -> bool:
    """Whether `dtype` is a signed or unsigned integer (bool is neither)."""
    return dtype in SIGNED or dtype in UNSIGNED


def lowest(dtype: str) -> int | float:
    """The smallest value of `dtype` (minus infinity for floats): the identity of max."""
    if is_float(dtype):
        return float("-inf")
    if dtype == "bool":
        return 0
    return 0 if dtype in UNSIGNED else -(1 << (bits(dtype) - 1))


def highest(dtype: str) -> int | float:
    """The largest value of `dtype` (infinity for floats): the identity of min."""
    if is_float(dtype):
        return float("inf")
    if dtype == "bool":
        return 1
    return (1 << bits(dtype)) - 1 if dtype in UNSIGNED else (1 << (bits(dtype) - 1)) - 1


@cache
def promote(a: str, b: str) -> str:
    """The dtype at which operands of dtypes `a` and `b` meet.

    Of two floats the wider, and float32 of the two that have 16 bits; a float with an integer
    gives that float; of two integers of one signedness the wider; a signed with an unsigned
    integer gives the narrowest signed type that holds both; bool gives way to anything.

    Raises:
        ExpressionError: no integer holds both (uint64 with a signed type).
    """
    if a == b or b == "bool":
        return a
    if a == "bool":
        return b
    if is_float(a) != is_float(b):
        return a if is_float(a) else b
    if is_float(a) and bits(a) == bits(b):
        return "float32"
    if (a in UNSIGNED) == (b in UNSIGNED):
        return a if bits(a) >= bits(b) else b
    signed, unsigned = (b, a) if a in UNSIGNED else (a, b)
    width = max(bits(signed), 2 * bits(unsigned))
    if width > 64:
        raise ExpressionError(
            f"{a} with {b} has no common integer type; cast one side with .astype(...)."
        )
    return f"int{width}"
