"""exp, log, tanh, pow and their kin on vectors, written out: LLVM's become a call for each lane.

Scalars use the same text, so a value does not depend on how its loop was scheduled. Within the
`ulps` of `tvmlab.ir.functions` over the whole range; infinities, NaN and signed zeros as NumPy;
denormal arguments and results are exact to the same bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tvmlab.ir import dtypes
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_integer import truncating_division
from tvmlab.targets.cpu.emit_lanes import Lanes


@dataclass(frozen=True)
class _Exp:
    """exp(x) = 2^n * (1 + r + r^2 * p(r)), x = n * ln2 + r.

    The coefficients interpolate in Chebyshev points of |r| <= ln2 / 2 (relative error 1e-8 and
    2e-17). Beyond `least` and `greatest` the result is 0 and infinity.
    """

    round: float
    ln2_high: float
    ln2_low: float
    least: float
    greatest: float
    p: tuple[float, ...]


_EXP = {
    "float32": _Exp(
        round=1.5 * 2**23,
        ln2_high=0.693359375,
        ln2_low=-2.12194440e-4,
        least=-104.0,
        greatest=89.0,
        p=(0.5, 0.16666576305560638, 0.04166655376256764, 0.008363292753030603,
           0.0013926325618133341),
    ),
    "float64": _Exp(
        round=1.5 * 2**52,
        ln2_high=6.93147180369123816490e-01,
        ln2_low=1.90821492927058770002e-10,
        least=-746.0,
        greatest=710.0,
        p=(0.5, 0.16666666666666669, 0.04166666666662348, 0.00833333333332996,
           0.0013888888917537958, 0.00019841269863439477, 2.4801520793777686e-05,
           2.755726794498522e-06, 2.7620326745260797e-07, 2.5100610458316348e-08),
    ),
}  # fmt: skip

_LOG = {  # FreeBSD's msun: e_logf.c and e_log.c
    "float32": (
        0.69313812256, 9.0580006145e-06,
        (0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841),
    ),
    "float64": (
        6.93147180369123816490e-01, 1.90821492927058770002e-10,
        (6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
         2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
         1.479819860511658591e-01),
    ),
}  # fmt: skip

_TANH = {  # Cephes: tanhf.c and tanh.c; numerator and denominator, lowest power first
    "float32": (
        (-3.33332819422e-1, 1.33314422036e-1, -5.37397155531e-2, 2.06390887954e-2,
         -5.70498872745e-3),
        (1.0,),
    ),
    "float64": (
        (-1.61468768441708447952e3, -9.92877231001918586564e1, -9.64399179425052238628e-1),
        (4.84406305325125486048e3, 2.23548839060100448583e3, 1.12811678491632931402e2, 1.0),
    ),
}  # fmt: skip


def function_value(cx: Context, name: str, arguments: list[str], dtype: str, lanes: int) -> str:
    """The function of `tvmlab.ir.functions` called `name`, on values of `dtype`."""
    return _FUNCTIONS[name](Lanes(cx, dtype, lanes), *arguments)


def _intrinsic(name: str) -> Callable[[Lanes, str], str]:
    return lambda v, x: v.intrinsic(name, x)


def _truncating(op: str) -> Callable[[Lanes, str, str], str]:
    return lambda v, a, b: truncating_division(v.cx, op, a, b, v.dtype, v.lanes)


def _abs(v: Lanes, x: str) -> str:
    if dtypes.is_float(v.dtype):
        return v.intrinsic("fabs", x)
    return x if v.dtype in dtypes.UNSIGNED else v.intrinsic("abs", x, flag="false")


def _exp(v: Lanes, x: str) -> str:
    c = _EXP[v.dtype]
    x = v.greater_or_nan(x, v.number(c.least))
    x = v.less_or_nan(x, v.number(c.greatest))
    magic = v.number(c.round)
    shifted = v.fma(x, v.number(1.4426950408889634), magic)  # the integer sits in the low bits
    n = v.exact("fsub", shifted, magic)
    r = v.fma(n, v.number(-c.ln2_high), x)
    r = v.fma(n, v.number(-c.ln2_low), r)
    y = v.fma(v.mul(r, r), v.polynomial(r, c.p), r)
    y = v.exact("fadd", y, v.number(1.0))
    exponent = v.integer("sub", v.bits(shifted), v.bits(magic))
    # Two factors: one power of two would overflow before the product does.
    half = v.integer("ashr", exponent, v.whole(1))
    rest = v.integer("sub", exponent, half)
    return v.exact("fmul", v.exact("fmul", y, v.power_of_two(half)), v.power_of_two(rest))


def _log(v: Lanes, x: str) -> str:
    high, low, coefficients = _LOG[v.dtype]
    mantissa = v.mantissa_bits
    is_tiny = v.test("olt", x, v.number(v.least_normal))
    scaled = v.exact("fmul", x, v.number(2.0**mantissa))
    bits = v.bits(v.choose(is_tiny, scaled, x))
    # Relative to sqrt(1/2), so that the mantissa lies between it and sqrt(2).
    above = v.integer("sub", bits, v.bits(v.number(0.7071067811865476)))
    exponent = v.integer("ashr", above, v.whole(mantissa))
    moved = v.integer("shl", exponent, v.whole(mantissa))
    m = v.as_float(v.integer("sub", bits, moved))
    e = v.from_integer(exponent)
    e = v.choose(is_tiny, v.exact("fsub", e, v.number(float(mantissa))), e)
    f = v.exact("fsub", m, v.number(1.0))
    s = v.exact("fdiv", f, v.exact("fadd", f, v.number(2.0)))
    z = v.mul(s, s)
    series = v.mul(z, v.polynomial(z, coefficients))
    half_square = v.mul(v.mul(f, f), v.number(0.5))
    inner = v.fma(s, v.exact("fadd", half_square, series), v.mul(e, v.number(low)))
    y = v.exact("fsub", f, v.exact("fsub", half_square, inner))
    y = v.fma(e, v.number(high), y)
    y = v.choose(v.test("oeq", x, v.number(float("inf"))), x, y)
    y = v.choose(v.test("oeq", x, v.number(0.0)), v.number(float("-inf")), y)
    return v.choose(v.test("uge", x, v.number(0.0)), v.choose(v.test("uno", x, x), x, y),
                    v.number(float("nan")))  # fmt: skip


def _tanh(v: Lanes, x: str) -> str:
    above, below = _TANH[v.dtype]
    size = v.intrinsic("fabs", x)
    z = v.mul(x, x)
    ratio = v.polynomial(z, above)
    if len(below) > 1:
        ratio = v.exact("fdiv", ratio, v.polynomial(z, below))
    near = v.fma(v.mul(size, z), ratio, size)
    grown = v.exact("fadd", _exp(v, v.exact("fadd", size, size)), v.number(1.0))
    far = v.exact("fsub", v.number(1.0), v.exact("fdiv", v.number(2.0), grown))
    return v.intrinsic("copysign", v.choose(v.test("olt", size, v.number(0.625)), near, far), x)


def _pow(v: Lanes, x: str, y: str) -> str:
    if v.dtype == "float64":
        return v.intrinsic("pow", x, y)  # libm's, lane by lane
    wide = Lanes(v.cx, "float64", v.lanes)
    exponent = wide.widen(v, y)
    logarithm = _log(wide, wide.widen(v, v.intrinsic("fabs", x)))
    size = wide.narrow(v, _exp(wide, wide.exact("fmul", exponent, logarithm)))
    one, zero = v.number(1.0), v.number(0.0)
    size = v.choose(v.test("oeq", v.intrinsic("fabs", x), one), one, size)
    is_whole = v.test("oeq", v.intrinsic("floor", y), y)
    half = v.exact("fmul", y, v.number(0.5))
    is_even = v.test("oeq", v.intrinsic("floor", half), half)
    negated = v.choose(is_even, size, v.intrinsic("copysign", size, x))
    no_root = v.choose(v.test("olt", x, zero), v.number(float("nan")), size)
    no_root = v.choose(v.test("oeq", x, v.number(float("-inf"))), size, no_root)
    result = v.choose(is_whole, negated, no_root)
    result = v.choose(v.test("uno", x, y), v.exact("fadd", x, y), result)
    result = v.choose(v.test("oeq", x, one), one, result)
    return v.choose(v.test("oeq", y, zero), one, result)


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _intrinsic("sqrt"),
    "tanh": _tanh,
    "abs": _abs,
    "pow": _pow,
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "truncdiv": _truncating("div"),
    "truncmod": _truncating("rem"),
    "clz": lambda v, x: v.intrinsic("ctlz", x, flag="false"),
    "popcount": _intrinsic("ctpop"),
}
