"""x to the power of y, lane by lane: 2 to y * log2(x), with digits enough that y loses none.

The logarithm of a float32 is taken in float64. That of a float64 is a sum of two float64, by
Dekker's products, which a fused multiply-add makes exact.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

from tvmlab.targets.cpu import emit_exponential, emit_logarithm
from tvmlab.targets.cpu.emit_lanes import Lanes

_SERIES = tuple(3 / (2 * k + 5) for k in range(12))
"""log((1 + s) / (1 - s)) is 2/3 s (3 + s^2 + s^4 * series), its sum over s^2, here up to 0.0295."""

_SHORT_LOG2 = tuple(2 / log(2) / (2 * k + 1) for k in range(7))
"""log2((1 + s) / (1 - s)) / s over s^2, to 2^-39."""

_SCALE = (0.9617966939259756, 5.0577616648125907e-17)
"""2 / (3 log(2)), and what float64 cuts off of it."""

_ENDS = 1100.0
"""Where 2 to a number is zero or infinite."""


class _Sum(NamedTuple):
    """A number as an unevaluated sum, the second part below the last place of the first."""

    high: str
    low: str


def power(v: Lanes, x: str, y: str) -> str:
    """x^y; of a negative x for whole y only, else NaN."""
    size = v.intrinsic("fabs", x)
    one, zero = v.number(1.0), v.number(0.0)
    result = _of_double(v, size, y) if v.dtype == "float64" else _of_single(v, size, y)
    result = v.choose(v.test("oeq", size, one), one, result)
    is_whole = v.test("oeq", v.intrinsic("floor", y), y)
    half = v.exact("fmul", y, v.number(0.5))
    is_even = v.test("oeq", v.intrinsic("floor", half), half)
    negated = v.choose(is_even, result, v.intrinsic("copysign", result, x))
    no_root = v.choose(v.test("olt", x, zero), v.number(float("nan")), result)
    no_root = v.choose(v.test("oeq", x, v.number(float("-inf"))), result, no_root)
    result = v.choose(is_whole, negated, no_root)
    result = v.choose(v.test("uno", x, y), v.exact("fadd", x, y), result)
    result = v.choose(v.test("oeq", x, one), one, result)
    return v.choose(v.test("oeq", y, zero), one, result)


def _of_single(v: Lanes, size: str, y: str) -> str:
    wide = Lanes(v.cx, "float64", v.lanes)
    base = wide.widen(v, size)
    e, f = emit_logarithm.halves(wide, base, is_normal=True)
    s = wide.exact("fdiv", f, wide.exact("fadd", f, wide.number(2.0)))
    logarithm = wide.fma(s, wide.polynomial(wide.mul(s, s), _SHORT_LOG2), e)
    for end, value in ((0.0, float("-inf")), (float("inf"), float("inf"))):
        is_end = wide.test("oeq", base, wide.number(end))
        logarithm = wide.choose(is_end, wide.number(value), logarithm)
    exponent = wide.mul(wide.widen(v, y), logarithm)
    return wide.narrow(v, emit_exponential.exp2_of_single(wide, exponent))


def _of_double(v: Lanes, size: str, y: str) -> str:
    logarithm = _log2(v, size)
    for end, value in ((0.0, float("-inf")), (float("inf"), float("inf"))):
        is_end = v.test("oeq", size, v.number(end))
        high = v.choose(is_end, v.number(value), logarithm.high)
        logarithm = _Sum(high, v.choose(is_end, v.number(0.0), logarithm.low))
    high, low = _product(v, y, logarithm.high)
    low = v.fma(y, logarithm.low, low)
    is_inside = v.test("olt", v.intrinsic("fabs", high), v.number(_ENDS))
    low = v.choose(is_inside, low, v.number(0.0))
    return emit_exponential.exp2_of_sum(v, high, low)


def _log2(v: Lanes, x: str) -> _Sum:
    """The logarithm in base 2 of a positive x, to some 2^-64 of it."""
    e, f = emit_logarithm.halves(v, x)
    two = v.number(2.0)
    below = v.exact("fadd", f, two)
    below_low = v.exact("fsub", f, v.exact("fsub", below, two))
    inverse = v.exact("fdiv", v.number(1.0), below)
    s = v.mul(f, inverse)
    rest = v.fused(v.negate(s), below, f)
    s_low = v.mul(v.fma(v.negate(s), below_low, rest), inverse)
    z, z_low = _product(v, s, s)
    z_low = v.fma(v.exact("fadd", s, s), s_low, z_low)
    series = v.mul(v.mul(z, z), v.polynomial(z, _SERIES))
    total = _sum(v, v.number(3.0), z)
    total = _sum(v, total.high, v.exact("fadd", total.low, v.exact("fadd", z_low, series)))
    scaled = _times(v, _times(v, _Sum(s, s_low), total), _Sum(*map(v.number, _SCALE)))
    high, low = _sum(v, e, scaled.high)
    return _Sum(high, v.exact("fadd", low, scaled.low))


def _sum(v: Lanes, a: str, b: str) -> _Sum:
    """a + b exactly, where a is zero or not the smaller."""
    high = v.exact("fadd", a, b)
    return _Sum(high, v.exact("fsub", b, v.exact("fsub", high, a)))


def _product(v: Lanes, a: str, b: str) -> _Sum:
    """a * b exactly."""
    high = v.mul(a, b)
    return _Sum(high, v.fused(a, b, v.negate(high)))


def _times(v: Lanes, a: _Sum, b: _Sum) -> _Sum:
    high, low = _product(v, a.high, b.high)
    low = v.fma(a.high, b.low, low)
    return _sum(v, high, v.fma(a.low, b.high, low))
