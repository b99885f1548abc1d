"""The functions of `tvmlab.ir.functions` on vectors, written out: LLVM's become calls, one a lane.

Scalars use the same text, so a value does not depend on how its loop was scheduled. Within the
`ulps` of `tvmlab.ir.functions` over the whole range; infinities, NaN and signed zeros as NumPy;
denormal arguments and results are exact to the same bound. What is left to the C library goes there
lane by lane, and only where said: fmod; sin, cos and tan of huge arguments.
"""

from __future__ import annotations

from collections.abc import Callable

from tvmlab.ir import dtypes
from tvmlab.targets.cpu import emit_exponential, emit_logarithm, emit_trigonometry
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_erf import erf
from tvmlab.targets.cpu.emit_integer import truncating_division
from tvmlab.targets.cpu.emit_lanes import Lanes
from tvmlab.targets.cpu.emit_power import power


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


def _hypot(v: Lanes, x: str, y: str) -> str:
    """sqrt(x^2 + y^2), scaled so that no square overflows or vanishes."""
    wide = Lanes(v.cx, "float64", v.lanes)
    if v.dtype == "float32":
        a, b = wide.widen(v, x), wide.widen(v, y)
        root = wide.narrow(v, wide.intrinsic("sqrt", wide.fma(a, a, wide.mul(b, b))))
    else:
        large = v.intrinsic("maximumnum", v.intrinsic("fabs", x), v.intrinsic("fabs", y))
        scale = v.choose(v.test("ogt", large, v.number(2.0**500)), v.number(2.0**-600),
                         v.number(1.0))  # fmt: skip
        is_small = v.test("olt", large, v.number(2.0**-400))
        scale = v.choose(is_small, v.number(2.0**600), scale)
        a, b = v.mul(x, scale), v.mul(y, scale)
        root = v.intrinsic("sqrt", v.fma(a, a, v.mul(b, b)))
        root = v.exact("fdiv", root, scale)
    infinite = v.number(float("inf"))
    for side in (x, y):
        is_infinite = v.test("oeq", v.intrinsic("fabs", side), infinite)
        root = v.choose(is_infinite, infinite, root)
    return root


def _ldexp(v: Lanes, x: str, n: str) -> str:
    """x times 2 to the whole number n; float32 in float64, which rounds once."""
    if v.dtype == "float32":
        wide = Lanes(v.cx, "float64", v.lanes)
        power = _power_of_two(wide, wide.widen(v, n), 400.0)
        return wide.narrow(v, wide.mul(wide.widen(v, x), power))
    quarter = v.intrinsic("floor", v.mul(n, v.number(0.25)))
    rest = v.fma(quarter, v.number(-3.0), n)
    for part in (quarter, quarter, quarter, rest):
        x = v.mul(x, _power_of_two(v, part, 700.0))
    return x


def _power_of_two(v: Lanes, n: str, most: float) -> str:
    bounded = v.less_or_nan(v.greater_or_nan(n, v.number(-most)), v.number(most))
    return v.power_of_two(v.to_integer(bounded))


def _tf32(v: Lanes, x: str) -> str:
    """Half of the last bit that is kept is added to the bits, and those below it dropped."""
    raised = v.integer("add", v.bits(x), v.whole(0x1000))
    kept = v.as_float(v.integer("and", raised, v.whole(-0x2000)))
    return v.choose(v.test("uno", x, x), x, kept)


def _rsqrt(v: Lanes, x: str) -> str:
    return v.exact("fdiv", v.number(1.0), v.intrinsic("sqrt", x))


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "exp": emit_exponential.exp,
    "exp2": emit_exponential.exp2,
    "exp10": emit_exponential.exp10,
    "expm1": emit_exponential.expm1,
    "log": emit_logarithm.log,
    "log2": emit_logarithm.log2,
    "log10": emit_logarithm.log10,
    "log1p": emit_logarithm.log1p,
    "sqrt": _intrinsic("sqrt"),
    "rsqrt": _rsqrt,
    "pow": power,
    "hypot": _hypot,
    "sigmoid": emit_exponential.sigmoid,
    "tanh": emit_exponential.tanh,
    "sinh": emit_exponential.sinh,
    "cosh": emit_exponential.cosh,
    "asinh": emit_logarithm.asinh,
    "acosh": emit_logarithm.acosh,
    "atanh": emit_logarithm.atanh,
    "erf": erf,
    "sin": emit_trigonometry.sin,
    "cos": emit_trigonometry.cos,
    "tan": emit_trigonometry.tan,
    "asin": emit_trigonometry.asin,
    "acos": emit_trigonometry.acos,
    "atan": emit_trigonometry.atan,
    "atan2": emit_trigonometry.atan2,
    "fmod": lambda v, x, y: v.exact("frem", x, y),
    "ldexp": _ldexp,
    "copysign": lambda v, x, y: v.intrinsic("copysign", x, y),
    "abs": _abs,
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "trunc": _intrinsic("trunc"),
    "round": _intrinsic("round"),
    "nearbyint": _intrinsic("roundeven"),
    "tf32": _tf32,
    "truncdiv": _truncating("div"),
    "truncmod": _truncating("rem"),
    "clz": lambda v, x: v.intrinsic("ctlz", x, flag="false"),
    "popcount": _intrinsic("ctpop"),
}
