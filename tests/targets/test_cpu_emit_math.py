"""Functions within the error that `tvmlab.ir.functions` states, over the whole range of floats."""

from __future__ import annotations

import platform
from dataclasses import dataclass

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets import emitted
from tests.targets.emitted import Array, elementwise, schedule
from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import const
from tvmlab.ir.functions import FUNCTIONS, call
from tvmlab.ir.references import tf32
from tvmlab.lower import lower
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features

UNARY = [f.name for f in FUNCTIONS.values() if f.arity == 1 and f.takes("float64")]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, np.inf, -np.inf, np.nan, 1e-3, -1e-3, 88.5, -88.5]


def every_scale(dtype: str, length: int = 20000) -> Array:
    """Floats of both signs and every exponent, denormals included, and near the usual sizes.

    Of a float of 16 bits, every one there is.
    """
    if dtypes.bits(dtype) == 16:
        return np.arange(1 << 16, dtype=np.uint16).view(dtype)
    rng = np.random.default_rng(7)
    info = dtypes.finfo(dtype)
    bits = rng.integers(0, 1 << info.bits, length, dtype=np.uint64).astype(f"u{info.bits // 8}")
    usual = (rng.standard_normal(length) * 10).astype(dtype)
    tiny = np.array([info.smallest_subnormal, info.smallest_normal, info.max], dtype)
    dense = [rng.uniform(-size, size, length) for size in (0.01, 1, 7, 100, 800)]
    near = [1 + rng.uniform(-1e-3, 1e-3, length), np.arange(-400, 400) / 2, _awkward()]
    even = np.concatenate([*dense, *near]).astype(dtype)
    return np.concatenate([bits.view(dtype), usual, even, tiny, -tiny, np.array(SPECIAL, dtype)])


def _awkward() -> Array:
    """Multiples of pi / 2, and what exp and its kin hold last before they overflow or vanish."""
    turns = np.arange(-2000, 2000) * (np.pi / 2)
    ends = np.array([88.72, 88.73, 89.4, 103.9, 104.1, 127.9, 149.5, 709.7, 709.8, 710.4, 745.2])
    return np.concatenate([turns, turns * 65537, turns * 2.0**40, ends, -ends, ends / np.log(10)])


def error_in_ulps(found: Array, exact: Array) -> float:
    """The largest distance to `exact` (float64 or wider) in units of the result's last place."""
    dtype = found.dtype
    with np.errstate(all="ignore"):
        right = exact.astype(dtype)
        same = (found == right) | (np.isnan(found) & np.isnan(right))
        unit = np.spacing(np.abs(right)).astype(exact.dtype)
        off = np.abs(found.astype(exact.dtype) - exact) / unit
    off[same] = 0
    off[~np.isfinite(off)] = np.inf
    return float(off.max())


def exactly(name: str, *arrays: Array) -> Array:
    """NumPy's function in the widest float there is."""
    with np.errstate(all="ignore"):
        wide = [a.astype(np.longdouble) for a in arrays]
        return np.asarray(FUNCTIONS[name].reference(*wide))


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize("name", UNARY)
def test_accuracy_over_the_whole_range(name: str, dtype: str, lanes: int) -> None:
    x = every_scale(dtype)
    found = elementwise(lambda v: call(name, v), x, lanes=lanes)
    assert error_in_ulps(found, exactly(name, x)) <= FUNCTIONS[name].ulps


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_pow_over_bases_and_exponents(dtype: str, lanes: int) -> None:
    rng = np.random.default_rng(3)
    corners = np.array([*SPECIAL, 3.0, -2.0, -3.0, 0.25, 17.0], dtype)
    x, y = (g.ravel() for g in np.meshgrid(corners, corners))
    x = np.concatenate([x, every_scale(dtype)])
    rest = (rng.standard_normal(len(x) - len(y)) * 4).astype(dtype)
    rest[::5] = np.round(rest[::5])
    y = np.concatenate([y, rest])
    found = elementwise(lambda a, b: call("pow", a, b), x, y, lanes=lanes)
    assert error_in_ulps(found, exactly("pow", x, y)) <= FUNCTIONS["pow"].ulps


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pow_with_large_exponents(dtype: str, lanes: int) -> None:
    rng = np.random.default_rng(9)
    info = dtypes.finfo(dtype)
    end = float(info.maxexp)
    x = np.exp2(rng.uniform(info.minexp - info.nmant, end, 30000)).astype(dtype)
    x[::2] = rng.uniform(0.9, 1.1, 15000)
    with np.errstate(all="ignore"):
        y = (rng.uniform(-1.01, 1.01, 30000) * end / np.log2(x)).astype(dtype)
    found = elementwise(lambda a, b: call("pow", a, b), x, y, lanes=lanes)
    assert error_in_ulps(found, exactly("pow", x, y)) <= 2


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize("name", ["atan2", "hypot", "fmod", "copysign", "ldexp"])
def test_functions_of_two(name: str, dtype: str, lanes: int) -> None:
    rng = np.random.default_rng(4)
    corners = np.array([*SPECIAL, 3.0, -2.0, -3.0, 0.25, 17.0, 1e-40, -1e-40], dtype)
    x, y = (g.ravel() for g in np.meshgrid(corners, corners))
    scale = every_scale(dtype)
    x = np.concatenate([x, scale])
    y = np.concatenate([y, rng.permutation(scale)])
    y[len(corners) ** 2 :: 3] = rng.permutation(x)[: len(y[len(corners) ** 2 :: 3])]
    if name == "ldexp":
        most = 2200 if dtype == "float64" else 256  # every whole number up to 256 is a bfloat16
        y = rng.integers(-most, most, len(x)).astype(dtype)
    found, exact = (
        elementwise(lambda a, b: call(name, a, b), x, y, lanes=lanes),
        exactly(name, x, y),
    )
    assert error_in_ulps(found, exact) <= FUNCTIONS[name].ulps
    signs_differ = np.signbit(found) != np.signbit(exact)
    assert not (signs_differ & ~np.isnan(exact)).any()


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_sign_of_zero_is_numpys(dtype: str, lanes: int) -> None:
    x = np.array([0.0, -0.0] * 20, dtype)
    for name in UNARY:
        found = elementwise(lambda v, name=name: call(name, v), x, lanes=lanes)
        with np.errstate(all="ignore"):
            expected = FUNCTIONS[name].reference(x)
        same = np.signbit(found) == np.signbit(expected)
        assert (same | np.isnan(expected)).all(), name


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_what_is_not_a_number_or_not_finite(dtype: str, lanes: int) -> None:
    x = np.array([*SPECIAL, 1e-40, -3e38, 65504.0] * 2, dtype)
    for ours, numpys in ((te.isnan, np.isnan), (te.isinf, np.isinf), (te.isfinite, np.isfinite)):
        found = elementwise(lambda v, f=ours: f(v).astype("int8"), x, lanes=lanes)
        assert np.array_equal(found, numpys(x)), ours


def test_a_number_and_a_power_of_two() -> None:
    n = np.array([-300, -149, -1, 0, 5, 127, 300], np.int32)
    x = np.array([2.0**100, 1.5, 3.0, -1.0, 0.75, 1.0, 2.0**-149], np.float32)
    assert np.array_equal(elementwise(te.ldexp, x, n), np.ldexp(x, n))
    half = x.astype(np.float16)
    assert np.array_equal(elementwise(te.ldexp, half, n), np.ldexp(half, n))
    with pytest.raises(ExpressionError, match="multiplies by 2 to an integer, and was given float"):
        te.ldexp(const(1.0, "float32"), const(1.0, "float32"))


@dataclass(frozen=True)
class OldMachine:
    """A processor of 2008: short vectors, nothing fused, whatever runs the test."""

    llvm_cpu: str = "x86-64-v2"
    vector_bits: int = 128
    has_fma: bool = False

    def __getattr__(self, name: str) -> object:
        return getattr(cpu_features(), name)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names an x86 processor")
@pytest.mark.parametrize("name", ["exp", "exp2", "expm1", "log1p", "sin", "tan", "acosh", "erf"])
def test_accuracy_where_nothing_is_fused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emitted, "cpu_features", OldMachine)
    for dtype in ("bfloat16", "float32", "float64"):
        x = every_scale(dtype, 4000)
        found = elementwise(lambda v: call(name, v), x, lanes=16)
        assert error_in_ulps(found, exactly(name, x)) <= FUNCTIONS[name].ulps


def test_the_library_is_called_for_huge_angles_only() -> None:
    x = te.placeholder((64,), "float32", "X")
    y = te.compute((64,), lambda i: te.sin(x[i]) + te.sin(x[i] * 2.0), "Y")
    s = schedule(y)
    s[y].vectorize(s[y].loops[0])
    text = emit(lower(s.mod), cpu_features())
    assert text.count("define internal") == 1
    assert text.count("@llvm.sin.f32(") == 2  # declared, and called in the function's loop


def test_the_other_names_of_functions() -> None:
    x, y = np.array([0.5, 2.5, -1.5], np.float32), np.array([2.0, -1.0, 3.0], np.float32)
    assert np.array_equal(elementwise(te.fabs, x), np.abs(x))
    assert np.array_equal(elementwise(te.power, np.abs(x), y), np.abs(x) ** y)
    assert np.array_equal(elementwise(lambda v: te.clip(v, -1.0, 2.0), x), np.clip(x, -1, 2))
    assert np.array_equal(elementwise(te.round, x), [1, 3, -2])
    assert np.array_equal(elementwise(te.nearbyint, x), [0, 2, -2])
    chosen = elementwise(
        lambda v, w: te.if_then_else(te.all(v > 0, w > 0, te.any(v < 1, w < 0)), v, w), x, y
    )
    assert np.array_equal(chosen, [0.5, -1, 3])
    assert te.cast(te.const(3), "int8").dtype == "int8"
    assert te.const(2.0).dtype == "float32"
    assert te.const(1, "uint8").value == 1


@pytest.mark.parametrize("dtype", [*dtypes.SIGNED, *dtypes.UNSIGNED])
def test_abs_of_integers_wraps(dtype: str) -> None:
    x = np.array([dtypes.lowest(dtype), dtypes.highest(dtype), 0, 1, 5] * 7, dtype)
    with np.errstate(all="ignore"):
        assert np.array_equal(elementwise(lambda v: call("abs", v), x, lanes=16), np.abs(x))


@pytest.mark.parametrize("lanes", [1, 8])
def test_ten_bits_of_mantissa_are_kept_and_halves_go_away_from_zero(lanes: int) -> None:
    near = 1 + np.array([2**-11, 3 * 2**-11, 2**-11 - 2**-23, 0], np.float32)
    rounded = np.array([1 + 2**-10, 1 + 2 * 2**-10, 1, 1], np.float32)
    found = elementwise(te.tf32, np.concatenate([near, -near]), lanes=lanes)
    assert np.array_equal(found, [*rounded, *-rounded])
    largest = np.finfo(np.float32).max
    odd = np.array([0, np.inf, -np.inf, largest, 0, 1e-40, -2e-45, 5], np.float32)
    odd.view(np.uint32)[0] = 0x7FFFFFFF  # a NaN to whose bits nothing may be added
    found = elementwise(te.tf32, odd, lanes=lanes)
    assert np.array_equal(found, [np.nan, np.inf, -np.inf, np.inf, 0, *tf32(odd[5:])], True)
