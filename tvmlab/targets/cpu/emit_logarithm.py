"""log, its kin and what is made of them, lane by lane."""

from __future__ import annotations

from struct import pack, unpack

from tvmlab.targets.cpu.emit_lanes import Lanes

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

_LN2 = 0.6931471805599453
_FAR = {"float32": 2.0**30, "float64": 2.0**60}
"""Where 1 and x + 1 no longer differ by what shows in their logarithms' sum."""


def halves(v: Lanes, x: str, is_normal: bool = False) -> tuple[str, str]:
    """A positive x as 2^e * (1 + f) with 1 + f from sqrt(1/2) to sqrt(2): e and f, exactly."""
    mantissa = v.mantissa_bits
    is_tiny, normal = "false", x
    if not is_normal:
        is_tiny = v.test("olt", x, v.number(v.least_normal))
        normal = v.choose(is_tiny, v.exact("fmul", x, v.number(2.0**mantissa)), x)
    bits = v.bits(normal)
    # Relative to sqrt(1/2), so that the mantissa lies between it and sqrt(2).
    above = v.integer("sub", bits, v.bits(v.number(0.7071067811865476)))
    exponent = v.integer("ashr", above, v.whole(mantissa))
    moved = v.integer("shl", exponent, v.whole(mantissa))
    m = v.as_float(v.integer("sub", bits, moved))
    e = v.from_integer(exponent)
    if not is_normal:
        e = v.choose(is_tiny, v.exact("fsub", e, v.number(float(mantissa))), e)
    return e, v.exact("fsub", m, v.number(1.0))


def _parts(v: Lanes, x: str) -> tuple[str, str]:
    """The logarithm of a positive x as e * log(2) and another, of a number near 1."""
    coefficients = _LOG[v.dtype][2]
    e, f = halves(v, x)
    s = v.exact("fdiv", f, v.exact("fadd", f, v.number(2.0)))
    z = v.mul(s, s)
    series = v.mul(z, v.polynomial(z, coefficients))
    half_square = v.mul(v.mul(f, f), v.number(0.5))
    inner = v.mul(s, v.exact("fadd", half_square, series))
    return e, v.exact("fsub", f, v.exact("fsub", half_square, inner))


def _at_the_ends(v: Lanes, x: str, y: str) -> str:
    """The logarithm y of x, right also for zero, infinity, NaN and what is negative."""
    y = v.choose(v.test("oeq", x, v.number(float("inf"))), x, y)
    y = v.choose(v.test("oeq", x, v.number(0.0)), v.number(float("-inf")), y)
    return v.choose(v.test("uge", x, v.number(0.0)), v.choose(v.test("uno", x, x), x, y),
                    v.number(float("nan")))  # fmt: skip


def _in_base(v: Lanes, x: str, of_two: tuple[float, float], of_e: tuple[float, float]) -> str:
    """The logarithm of x in a base, by those of 2 and of e in it, first bits and others."""
    e, y = _parts(v, x)
    low = v.fma(e, v.number(of_two[1]), v.mul(y, v.number(of_e[1])))
    total = v.fma(e, v.number(of_two[0]), v.fma(y, v.number(of_e[0]), low))
    return _at_the_ends(v, x, total)


def log(v: Lanes, x: str) -> str:
    """Logarithm in base e."""
    high, low, _ = _LOG[v.dtype]
    e, y = _parts(v, x)
    return _at_the_ends(v, x, v.fma(e, v.number(high), v.fma(e, v.number(low), y)))


def log2(v: Lanes, x: str) -> str:
    """Logarithm in base 2; of a power of two it is exact."""
    return _in_base(v, x, (1.0, 0.0), _split(v, 1.4426950408889634, 2.0355273740931033e-17))


def log10(v: Lanes, x: str) -> str:
    """Logarithm in base 10."""
    of_two = _split(v, 0.3010299956639812, -2.8037281277851704e-18)
    return _in_base(v, x, of_two, _split(v, 0.4342944819032518, 1.098319650216765e-17))


def _split(v: Lanes, number: float, rest: float) -> tuple[float, float]:
    """A number of twice the dtype's digits in two of the dtype; `rest` is what float64 cuts off."""
    if v.dtype == "float64":
        return number, rest
    (high,) = unpack("f", pack("f", number))
    return high, number - high


def log1p(v: Lanes, x: str) -> str:
    """log(1 + x), what the addition rounds away put back."""
    one = v.number(1.0)
    u = v.exact("fadd", one, x)
    y = log(v, u)
    lost = v.exact("fdiv", v.exact("fsub", x, v.exact("fsub", u, one)), u)
    is_inside = v.test("one", v.mul(u, v.number(0.0)), u)  # neither zero, infinite nor NaN
    mended = v.choose(is_inside, v.exact("fadd", y, lost), y)
    return v.intrinsic("copysign", mended, x)


def asinh(v: Lanes, x: str) -> str:
    """Inverse of sinh."""
    size = v.intrinsic("fabs", x)
    z = v.mul(x, x)
    root = v.intrinsic("sqrt", v.exact("fadd", z, v.number(1.0)))
    near = v.exact("fadd", size, v.exact("fdiv", z, v.exact("fadd", root, v.number(1.0))))
    return v.intrinsic("copysign", _log_of_sum(v, size, near), x)


def acosh(v: Lanes, x: str) -> str:
    """Inverse of cosh, NaN below 1."""
    above = v.exact("fsub", x, v.number(1.0))
    square = v.fma(above, above, v.exact("fadd", above, above))
    near = v.exact("fadd", above, v.intrinsic("sqrt", square))
    is_defined = v.test("oge", x, v.number(1.0))
    return v.choose(is_defined, _log_of_sum(v, x, near), v.number(float("nan")))


def _log_of_sum(v: Lanes, x: str, near: str) -> str:
    """log(1 + near), or log(2 x) where x is large."""
    is_far = v.test("ogt", x, v.number(_FAR[v.dtype]))
    y = log1p(v, v.choose(is_far, x, near))
    return v.choose(is_far, v.exact("fadd", y, v.number(_LN2)), y)


def atanh(v: Lanes, x: str) -> str:
    """Inverse of tanh, NaN beyond 1."""
    size = v.intrinsic("fabs", x)
    ratio = v.exact("fdiv", v.exact("fadd", size, size), v.exact("fsub", v.number(1.0), size))
    return v.intrinsic("copysign", v.mul(log1p(v, ratio), v.number(0.5)), x)
