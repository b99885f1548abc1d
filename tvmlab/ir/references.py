"""What the scalar functions mean that NumPy has not itself, on its arrays and scalars."""

from __future__ import annotations

from collections.abc import Callable
from math import erf as erf_of_number
from typing import Any

import numpy as np

Value = Any
"""An array, or a NumPy scalar; results have its dtype."""


def _wide(function: Callable[..., Value]) -> Callable[..., Value]:
    """A function of floats calculated in float64 at least, and rounded to what it was given."""

    def rounded(*args: Value) -> Value:
        dtype = np.asarray(args[0]).dtype
        width = np.longdouble if dtype == np.longdouble else np.float64
        with np.errstate(all="ignore"):
            return function(*[np.asarray(a).astype(width) for a in args]).astype(dtype)[()]

    return rounded


@_wide
def exp10(x: Value) -> Value:
    """10 to the power of x."""
    return np.power(x.dtype.type(10), x)


@_wide
def rsqrt(x: Value) -> Value:
    """One by the square root of x."""
    return 1 / np.sqrt(x)


@_wide
def sigmoid(x: Value) -> Value:
    """1 / (1 + e^-x), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


_erf = np.vectorize(erf_of_number, otypes=[np.float64])


@_wide
def erf(x: Value) -> Value:
    """The error function, by the C library's in float64."""
    return _erf(x)


@_wide
def ldexp(x: Value, n: Value) -> Value:
    """x times 2 to the power of the whole number n."""
    return np.ldexp(x, np.clip(n, -5000, 5000).astype(np.int32))


@_wide
def round_half_away(x: Value) -> Value:
    """The nearest whole number; halfway between two the one further from zero."""
    whole = np.trunc(x)
    return np.copysign(np.abs(whole) + (np.abs(x - whole) >= 0.5), x)


def tf32(x: Value) -> Value:
    """The nearest float32 with 10 bits of mantissa; halfway between two the one further from zero.

    PTX ISA, "cvt": cvt.rna.tf32.f32.
    """
    given = np.asarray(x)
    bits = given.astype(np.float32).view(np.uint32)
    kept = ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)
    found = np.where(np.isnan(given), given, kept.astype(given.dtype))
    return found if given.ndim else given.dtype.type(found)


def unsigned(x: Value) -> Value:
    """The bits of an integer as an unsigned one."""
    kept = np.asarray(x)
    return kept.view(f"u{kept.dtype}") if kept.dtype.kind == "i" else kept


def popcount(x: Value) -> Value:
    """How many bits of an integer are set."""
    return np.bitwise_count(unsigned(x)).astype(np.asarray(x).dtype)


def clz(x: Value) -> Value:
    """How many bits above the highest set one an integer has; all of them if none is set."""
    smeared = unsigned(x)
    width = 8 * smeared.dtype.itemsize
    step = 1
    while step < width:
        smeared = smeared | (smeared >> smeared.dtype.type(step))
        step *= 2
    return (width - np.bitwise_count(smeared)).astype(np.asarray(x).dtype)


def truncdiv(a: Value, b: Value) -> Value:
    """The quotient rounded towards zero, as C divides integers."""
    return np.floor_divide(a - np.fmod(a, b), b)
