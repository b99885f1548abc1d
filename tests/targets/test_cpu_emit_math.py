"""Functions within the error that `tvmlab.ir.functions` states, over the whole range of floats."""

from __future__ import annotations

import numpy as np
import pytest

from tests.targets.emitted import Array, elementwise
from tvmlab.ir import dtypes
from tvmlab.ir.functions import FUNCTIONS, call

UNARY = [f.name for f in FUNCTIONS.values() if f.arity == 1 and f.domain != "integers"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, np.inf, -np.inf, np.nan, 1e-3, -1e-3, 88.5, -88.5]


def every_scale(dtype: str, length: int = 20000) -> Array:
    """Floats of both signs and every exponent, denormals included, and near the usual sizes."""
    rng = np.random.default_rng(7)
    info = dtypes.finfo(dtype)
    bits = rng.integers(0, 1 << info.bits, length, dtype=np.uint64).astype(f"u{info.bits // 8}")
    usual = (rng.standard_normal(length) * 10).astype(dtype)
    tiny = np.array([info.smallest_subnormal, info.smallest_normal, info.max], dtype)
    return np.concatenate([bits.view(dtype), usual, tiny, -tiny, np.array(SPECIAL, dtype)])


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


@pytest.mark.parametrize("lanes", [1, 16])
def test_sign_of_zero_is_kept(lanes: int) -> None:
    x = np.array([0.0, -0.0] * 20, np.float32)
    for name in ("tanh", "sqrt", "floor", "ceil"):
        found = elementwise(lambda v, name=name: call(name, v), x, lanes=lanes)
        assert np.array_equal(np.signbit(found), np.signbit(x)), name
    assert not np.signbit(elementwise(lambda v: call("abs", v), x, lanes=lanes)).any()


@pytest.mark.parametrize("dtype", [*dtypes.SIGNED, *dtypes.UNSIGNED])
def test_abs_of_integers_wraps(dtype: str) -> None:
    x = np.array([dtypes.lowest(dtype), dtypes.highest(dtype), 0, 1, 5] * 7, dtype)
    with np.errstate(all="ignore"):
        assert np.array_equal(elementwise(lambda v: call("abs", v), x, lanes=16), np.abs(x))
