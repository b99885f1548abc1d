"""exp, its kin and what is made of them, lane by lane: a power of two times a polynomial."""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.targets.cpu.emit_lanes import Lanes
from tvmlab.targets.cpu.emit_scale import has_scale, looked_up, nearer_zero, scaled, table_size


@dataclass(frozen=True)
class _Exp:
    """exp(x) = 2^n * (1 + r + r^2 * p(r)), x = n * ln2 + r.

    The coefficients interpolate in Chebyshev points of |r| <= ln2 / 2 (relative error 1e-8 and
    2e-17). Beyond `least` and `greatest` the result is 0 and infinity, of e^x / 2 as well.
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
        greatest=90.0,
        p=(0.5, 0.16666576305560638, 0.04166655376256764, 0.008363292753030603,
           0.0013926325618133341),
    ),
    "float64": _Exp(
        round=1.5 * 2**52,
        ln2_high=6.93147180369123816490e-01,
        ln2_low=1.90821492927058770002e-10,
        least=-746.0,
        greatest=711.0,
        p=(0.5, 0.16666666666666669, 0.04166666666662348, 0.00833333333332996,
           0.0013888888917537958, 0.00019841269863439477, 2.4801520793777686e-05,
           2.755726794498522e-06, 2.7620326745260797e-07, 2.5100610458316348e-08),
    ),
}  # fmt: skip

_EXP_OF_SMALL = {  # (e^r - 1) / r, likewise, for r up to half of ln2 by the size of the table
    "float32": (1.0, 0.5000146653670422, 0.16666959973024334),
    "float64": (1.0, 0.500000000000018, 0.16666666666666866, 0.041666666590195474,
                0.008333333324836587, 0.001388970364318532, 0.0001984217511953015),
}  # fmt: skip

_EXP2 = {  # (2^r - 1) / r, interpolated likewise in |r| <= 1/2
    "float32": (0.6931472, 0.2402265, 0.05550357, 0.009618083, 0.0013390863, 0.00015453163),
    "float64": (0.6931471805599453, 0.24022650695910072, 0.055504108664821625,
                0.00961812910762848, 0.001333355814640647, 0.00015403530393370734,
                1.5252733841556773e-05, 1.3215486808705563e-06, 1.0178057087733941e-07,
                7.0548973041554995e-09, 4.4558179083360645e-10, 2.5729324177362305e-11),
}  # fmt: skip

_EXP2_OF_SINGLE = (
    0.6931471805599453,
    0.24022650922288757,
    0.055504108839096185,
    0.009618056678524637,
    0.001333350238616277,
    0.0001546144469856913,
    1.5297323760701075e-05,
)
"""The same to 1e-10."""

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


_SINH = {  # (sinh(x) - x) / x^3 over x^2 up to 1, interpolated in Chebyshev points
    "float32": (0.16666667, 0.008333339, 0.00019838102, 2.8062802e-06),
    "float64": (0.16666666666666666, 0.008333333333333333, 0.00019841269841269773,
                2.755731922404034e-06, 2.505210836405804e-08, 1.605904839635058e-10,
                7.646625361655412e-13, 2.8445264170227454e-15),
}  # fmt: skip


_LOG2_E = 1.4426950408889634


def _shifted(v: Lanes, x: str, factor: float) -> str:
    """`factor * x` plus a number so large that the nearest whole number is in the low bits."""
    return v.fma(x, v.number(factor), v.number(_EXP[v.dtype].round))


def _whole(v: Lanes, shifted: str) -> str:
    """That whole number as a float."""
    return v.exact("fsub", shifted, v.number(_EXP[v.dtype].round))


def _exponent(v: Lanes, shifted: str) -> str:
    """That whole number as an integer."""
    return v.integer("sub", v.bits(shifted), v.bits(v.number(_EXP[v.dtype].round)))


def _remainder(v: Lanes, x: str, n: str) -> str:
    """x - n * ln2."""
    c = _EXP[v.dtype]
    r = v.fma(n, v.number(-c.ln2_high), x)
    return v.fma(n, v.number(-c.ln2_low), r)


def _less_one(v: Lanes, r: str) -> str:
    """e^r - 1 for |r| <= ln2 / 2."""
    return v.fma(v.mul(r, r), v.polynomial(r, _EXP[v.dtype].p), r)


def _times_power(v: Lanes, y: str, shifted: str) -> str:
    """y times 2 to the whole number in `shifted`.

    In two factors where no instruction does it: one power would overflow before the product does.
    """
    if has_scale(v):
        return scaled(v, y, _whole(v, shifted))
    exponent = _exponent(v, shifted)
    half = v.integer("ashr", exponent, v.whole(1))
    rest = v.integer("sub", exponent, half)
    return v.exact("fmul", v.exact("fmul", y, v.power_of_two(half)), v.power_of_two(rest))


def _within(v: Lanes, x: str, least: float, greatest: float) -> str:
    """x brought between two bounds, beyond which results no longer change; NaN stays."""
    return v.less_or_nan(v.greater_or_nan(x, v.number(least)), v.number(greatest))


def _exp_times(v: Lanes, x: str, factor: float) -> str:
    """e^x times a power of two that is at most 1."""
    if has_scale(v):
        return _by_table(v, x, factor)
    c = _EXP[v.dtype]
    x = _within(v, x, c.least, c.greatest)
    shifted = _shifted(v, x, _LOG2_E)
    r = _remainder(v, x, _whole(v, shifted))
    return _times_power(v, v.polynomial(r, tuple([factor * k for k in (1.0, 1.0, *c.p)])), shifted)


def _by_table(v: Lanes, x: str, factor: float) -> str:
    """The same as 2^floor(n) * 2^(n - floor(n)) * e^r, n a multiple of 1 / `table_size`.

    Nothing bounds x: where it is so large that n is no such multiple any more, n alone decides, and
    r, which may be anything, must only not disturb it.
    """
    size = table_size(v)
    round_ = v.number(_EXP[v.dtype].round / size)
    shifted = v.fma(x, v.number(_LOG2_E), round_)
    n = v.exact("fsub", shifted, round_)
    r = nearer_zero(v, _remainder(v, x, n), 0.5)
    power = looked_up(v, [factor * 2.0 ** (k / size) for k in range(size)], v.bits(shifted))
    slope = v.polynomial(r, _EXP_OF_SMALL[v.dtype])
    return scaled(v, v.fma(v.mul(power, r), slope, power), n)


def exp(v: Lanes, x: str) -> str:
    """e^x."""
    return _exp_times(v, x, 1.0)


def _half_exp(v: Lanes, x: str) -> str:
    """e^x / 2, also where e^x itself is too large."""
    return _exp_times(v, x, 0.5)


def exp2(v: Lanes, x: str) -> str:
    """2^x."""
    return exp2_of_sum(v, x, v.number(0.0))


def exp2_of_sum(v: Lanes, high: str, low: str) -> str:
    """2^(high + low), where the second is far smaller; zero wherever the first is out of range."""
    least, greatest = (-1077.0, 1025.0) if v.dtype == "float64" else (-152.0, 129.0)
    x = _within(v, high, least, greatest)
    shifted = _shifted(v, x, 1.0)
    r = v.exact("fadd", v.exact("fsub", x, _whole(v, shifted)), low)
    y = v.fma(r, v.polynomial(r, _EXP2[v.dtype]), v.number(1.0))
    return _times_power(v, y, shifted)


def exp2_of_single(v: Lanes, x: str) -> str:
    """2^x in float64, as far and as exactly as float32 asks."""
    x = _within(v, x, -160.0, 130.0)
    shifted = _shifted(v, x, 1.0)
    r = v.exact("fsub", x, _whole(v, shifted))
    y = v.fma(r, v.polynomial(r, _EXP2_OF_SINGLE), v.number(1.0))
    return v.mul(y, v.power_of_two(_exponent(v, shifted)))


def exp10(v: Lanes, x: str) -> str:
    """10^x."""
    least, greatest = (-325.0, 309.0) if v.dtype == "float64" else (-46.0, 39.0)
    x = _within(v, x, least, greatest)
    shifted = _shifted(v, x, 3.321928094887362)
    n = _whole(v, shifted)
    r = v.fma(n, v.number(-0.301025390625), x)  # log10(2), its first bits and the others
    r = v.fma(n, v.number(-4.60503898119521373889e-6), r)
    y = _less_one(v, v.mul(r, v.number(2.302585092994046)))
    return _times_power(v, v.exact("fadd", y, v.number(1.0)), shifted)


def expm1(v: Lanes, x: str) -> str:
    """e^x - 1, without cancellation near zero."""
    bounded = _within(v, x, -50.0, _EXP[v.dtype].greatest - 1.0)
    shifted = _shifted(v, bounded, _LOG2_E)
    n = _whole(v, shifted)
    y = _less_one(v, _remainder(v, bounded, n))
    # Twice 2^(n - 1) * (y + 1) - 1/2: the half does not overflow before the whole does.
    scale = v.power_of_two(v.integer("sub", _exponent(v, shifted), v.whole(1)))
    far = v.fma(scale, y, v.exact("fsub", scale, v.number(0.5)))
    near = v.test("oeq", n, v.number(0.0))
    return v.intrinsic("copysign", v.choose(near, y, v.exact("fadd", far, far)), x)


def sigmoid(v: Lanes, x: str) -> str:
    """1 / (1 + e^-x), by e^-|x|, which does not overflow."""
    e = exp(v, v.negate(v.intrinsic("fabs", x)))
    share = v.exact("fdiv", v.number(1.0), v.exact("fadd", v.number(1.0), e))
    return v.choose(v.test("olt", x, v.number(0.0)), v.mul(e, share), share)


def sinh(v: Lanes, x: str) -> str:
    """(e^x - e^-x) / 2."""
    size = v.intrinsic("fabs", x)
    z = v.mul(x, x)
    near = v.fma(v.mul(size, z), v.polynomial(z, _SINH[v.dtype]), size)
    half = _half_exp(v, size)
    far = v.exact("fsub", half, v.exact("fdiv", v.number(0.25), half))
    return v.intrinsic("copysign", v.choose(v.test("olt", size, v.number(1.0)), near, far), x)


def cosh(v: Lanes, x: str) -> str:
    """(e^x + e^-x) / 2."""
    half = _half_exp(v, v.intrinsic("fabs", x))
    return v.exact("fadd", half, v.exact("fdiv", v.number(0.25), half))


def tanh(v: Lanes, x: str) -> str:
    """Hyperbolic tangent."""
    above, below = _TANH[v.dtype]
    size = v.intrinsic("fabs", x)
    z = v.mul(x, x)
    ratio = v.polynomial(z, above)
    if len(below) > 1:
        ratio = v.exact("fdiv", ratio, v.polynomial(z, below))
    near = v.fma(v.mul(size, z), ratio, size)
    grown = v.exact("fadd", exp(v, v.exact("fadd", size, size)), v.number(1.0))
    far = v.exact("fsub", v.number(1.0), v.exact("fdiv", v.number(2.0), grown))
    return v.intrinsic("copysign", v.choose(v.test("olt", size, v.number(0.625)), near, far), x)
