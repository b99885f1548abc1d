"""Angles and their functions, lane by lane.

An argument is reduced by pi / 2 in three parts (Cody and Waite), which is right up to a size; the
few lanes beyond it are given to the C library, and cost nothing where there are none.
"""

from __future__ import annotations

from math import pi

from tvmlab.targets.cpu.emit_lanes import Lanes

_PI_HALVES = {  # pi / 2, its first bits, the next and the others, all cut off so that
    # their products with zero are negative and -0 stays; the largest argument
    "float32": (1.570796251296997, 7.549789415861596e-08, 5.390302529957765e-15, 2.0**17),
    "float64": (1.5707963267948966, 6.123233995736765e-17, 1.0828566739219139e-32, 2.0**30),
}
_SIN = {  # Cephes: sinf.c; FreeBSD's msun: k_sin.c; (sin(x) - x) / x^3
    "float32": (-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4),
    "float64": (-1.66666666666666324348e-01, 8.33333333332248946124e-03,
                -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                -2.50507602534068634195e-08, 1.58969099521155010221e-10),
}  # fmt: skip
_COS = {  # as for the sine: (cos(x) - 1 + x^2 / 2) / x^4
    "float32": (4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5),
    "float64": (4.16666666666666019037e-02, -1.38888888888741095749e-03,
                2.48015872894767294178e-05, -2.75573143513906633035e-07,
                2.08757232129817482790e-09, -1.13596475577881948265e-11),
}  # fmt: skip
_ATAN = {  # (atan(x) - x) / x^3 over x^2 up to 1, interpolated in Chebyshev points
    "float32": (-0.33333334, 0.1999995, -0.14284004, 0.11088262, -0.08931827, 0.070319146,
                -0.048960514, 0.026305001, -0.009144629, 0.0014886919),
    "float64": (-0.3333333333333333, 0.19999999999999984, -0.14285714285711718,
                0.11111111110929807, -0.09090909084093504, 0.07692307534369976,
                -0.06666664203478483, 0.05882325539199596, -0.05262931380514605,
                0.047604710493593355, -0.043407182637309014, 0.039719081064827896,
                -0.03613932076556626, 0.032135441311390886, -0.02718155329639814,
                0.021121594136383853, -0.014503079521040848, 0.00844989236976792,
                -0.004000209659457291, 0.0014617448964072527, -0.00038394037697126154,
                6.41752491352114e-05, -5.1088409924634115e-06),
}  # fmt: skip
_ASIN = {  # (asin(x) - x) / x^3 over x^2 up to 1/4, likewise
    "float32": (0.16666666, 0.07500094, 0.044599403, 0.031100662, 0.017149238, 0.033690847),
    "float64": (0.16666666666666669, 0.07499999999998433, 0.04464285714635543,
                0.0303819441385312, 0.02237217294215135, 0.017352392720840923,
                0.013971212973930064, 0.011479177411895745, 0.010322814369605944,
                0.005457506642064082, 0.017400879635823277, -0.01485188735295691,
                0.028757851548184388),
}  # fmt: skip


def _reduced(v: Lanes, x: str) -> tuple[str, str, str]:
    """x less the nearest multiple of pi / 2: its sine, its cosine, and which multiple it is."""
    first, second, third, _ = _PI_HALVES[v.dtype]
    magic = v.number(1.5 * 2.0**v.mantissa_bits)
    shifted = v.fma(x, v.number(2 / pi), magic)  # the integer sits in the low bits
    n = v.exact("fsub", shifted, magic)
    r = x
    for part in (first, second, third):
        r = v.fused(n, v.number(-part), r)
    z = v.mul(r, r)
    one = v.number(1.0)
    sine = v.mul(r, v.fma(z, v.polynomial(z, _SIN[v.dtype]), one))  # so that -0 stays
    flat = v.fma(z, v.number(-0.5), one)
    cosine = v.fma(v.mul(z, z), v.polynomial(z, _COS[v.dtype]), flat)
    return sine, cosine, v.bits(shifted)


def _is_far(v: Lanes, x: str) -> str:
    """Where an argument is too large to be reduced: all but NaN and infinity, which are quick."""
    size = v.intrinsic("fabs", x)
    beyond = v.test("ogt", size, v.number(_PI_HALVES[v.dtype][3]))
    return v.both(beyond, v.test("one", size, v.number(float("inf"))))


def _turned(v: Lanes, sine: str, cosine: str, quadrant: str) -> str:
    """The sine of an angle a number of quarter turns on: of 1 the cosine, of 2 less the sine."""
    is_odd = v.is_set(quadrant, 1)
    sign = v.integer("and", quadrant, v.whole(2))
    sign = v.integer("shl", sign, v.whole(v.mantissa_bits + (10 if v.dtype == "float64" else 7)))
    return v.as_float(v.integer("xor", v.bits(v.choose(is_odd, cosine, sine)), sign))


def sin(v: Lanes, x: str) -> str:
    """Sine."""
    sine, cosine, quadrant = _reduced(v, x)
    return v.mended("sin", _turned(v, sine, cosine, quadrant), x, _is_far(v, x))


def cos(v: Lanes, x: str) -> str:
    """Cosine."""
    sine, cosine, quadrant = _reduced(v, x)
    quadrant = v.integer("add", quadrant, v.whole(1))
    return v.mended("cos", _turned(v, sine, cosine, quadrant), x, _is_far(v, x))


def tan(v: Lanes, x: str) -> str:
    """Tangent."""
    sine, cosine, quadrant = _reduced(v, x)
    is_odd = v.is_set(quadrant, 1)
    above = v.choose(is_odd, v.negate(cosine), sine)
    below = v.choose(is_odd, sine, cosine)
    return v.mended("tan", v.exact("fdiv", above, below), x, _is_far(v, x))


def _less(v: Lanes, turns: float, angle: str) -> str:
    """`turns` times pi / 2, less an angle."""
    first, second, _, _ = _PI_HALVES[v.dtype]
    difference = v.exact("fsub", v.number(turns * first), angle)
    return v.exact("fadd", difference, v.number(turns * second))


def _near_atan(v: Lanes, x: str) -> str:
    z = v.mul(x, x)
    return v.fma(v.mul(x, z), v.polynomial(z, _ATAN[v.dtype]), x)


def atan(v: Lanes, x: str) -> str:
    """The angle whose tangent is x."""
    size = v.intrinsic("fabs", x)
    is_steep = v.test("ogt", size, v.number(1.0))
    angle = _near_atan(v, v.choose(is_steep, v.exact("fdiv", v.number(1.0), size), size))
    return v.intrinsic("copysign", v.choose(is_steep, _less(v, 1, angle), angle), x)


def atan2(v: Lanes, y: str, x: str) -> str:
    """The angle of the point (x, y), from -pi to pi."""
    width, height = v.intrinsic("fabs", x), v.intrinsic("fabs", y)
    is_steep = v.test("ogt", height, width)
    small, large = v.choose(is_steep, width, height), v.choose(is_steep, height, width)
    ratio = v.exact("fdiv", small, large)
    ratio = v.choose(v.test("oeq", small, large), v.number(1.0), ratio)  # also infinite ones
    ratio = v.choose(v.test("oeq", large, v.number(0.0)), large, ratio)
    angle = _near_atan(v, ratio)
    angle = v.choose(is_steep, _less(v, 1, angle), angle)
    angle = v.choose(v.is_negative(x), _less(v, 2, angle), angle)
    angle = v.intrinsic("copysign", angle, y)
    return v.choose(v.test("uno", x, y), v.exact("fadd", x, y), angle)


def _halved(v: Lanes, size: str) -> tuple[str, str]:
    """asin(size), of sizes above 1/2 that of sqrt((1 - size) / 2), which is half of the rest."""
    is_far = v.test("ogt", size, v.number(0.5))
    rest = v.mul(v.exact("fsub", v.number(1.0), size), v.number(0.5))
    z = v.choose(is_far, rest, v.mul(size, size))
    s = v.choose(is_far, v.intrinsic("sqrt", rest), size)
    return v.fma(v.mul(s, z), v.polynomial(z, _ASIN[v.dtype]), s), is_far


def asin(v: Lanes, x: str) -> str:
    """The angle whose sine is x, NaN beyond 1."""
    angle, is_far = _halved(v, v.intrinsic("fabs", x))
    far = _less(v, 1, v.exact("fadd", angle, angle))
    return v.intrinsic("copysign", v.choose(is_far, far, angle), x)


def acos(v: Lanes, x: str) -> str:
    """The angle whose cosine is x, NaN beyond 1."""
    angle, is_far = _halved(v, v.intrinsic("fabs", x))
    twice = v.exact("fadd", angle, angle)
    far = v.choose(v.is_negative(x), _less(v, 2, twice), twice)
    return v.choose(is_far, far, _less(v, 1, v.intrinsic("copysign", angle, x)))
