"""bfloat16 in compiled code: every one of its values, and every dtype it is converted from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ml_dtypes import bfloat16

import tvmlab.te as te
from tests.targets.emitted import Array, elementwise, schedule
from tvmlab.errors import TargetError
from tvmlab.ir.bfloat16 import nearest
from tvmlab.ir.expr import const
from tvmlab.lower import lower
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.target import Signature

EVERY = np.arange(1 << 16, dtype=np.uint16).view(bfloat16)
WIDE = ("float16", "float32", "float64", "int32", "uint32", "int64", "uint64")


def same(found: Array, expected: Array) -> bool:
    """Whether bits are equal, but for those of a NaN."""
    nan = np.isnan(found) & np.isnan(expected)
    return bool(((found.view(np.uint16) == expected.view(np.uint16)) | nan).all())


@pytest.mark.parametrize("lanes", [1, 16, 40])
@pytest.mark.parametrize("between", ["float32", "float64"])
def test_every_value_goes_to_wider_floats_and_back(between: str, lanes: int) -> None:
    wide = elementwise(lambda x: x.astype(between), EVERY, lanes=lanes)
    assert np.array_equal(wide, EVERY.astype(between), equal_nan=True)
    assert np.array_equal(np.signbit(wide), np.signbit(EVERY))
    assert same(elementwise(lambda x: x.astype("bfloat16"), wide, lanes=lanes), EVERY)


def hard_to_round(dtype: str) -> Array:
    """Values of every size; the middles between two bfloat16 and what is beside them."""
    rng = np.random.default_rng(5)
    if dtype.startswith("float"):
        size = np.dtype(dtype).itemsize
        bits = rng.integers(0, 1 << (8 * size), 4000, dtype=np.uint64)
        middles = (EVERY[:0x7F7F:31].astype(np.float64) + EVERY[1:0x7F80:31]) / 2
        near = np.concatenate([np.nextafter(middles, s) for s in (-np.inf, np.inf)])
        with np.errstate(over="ignore"):
            chosen = np.concatenate([middles, -middles, near, -near]).astype(dtype)
        nan = np.array([1, -1 % (1 << (8 * size - 1)), -1], np.int64).astype(f"u{size}")
        nan[0] |= np.array(np.inf, dtype).view(f"u{size}")  # only the lowest bit tells it from inf
        return np.concatenate([bits.astype(f"u{size}").view(dtype), chosen, nan.view(dtype)])
    info = np.iinfo(dtype)
    middles = [(1 << k) + (m << (k - 8)) + e for k in range(8, info.bits - 1)
               for m in (1, 3, 5) for e in (-1, 0, 1)]  # fmt: skip
    signed = [s * m for m in middles for s in ((1, -1) if info.min else (1,))]
    rest = rng.integers(info.min, info.max, 1000, dtype, endpoint=True)
    return np.concatenate([np.array([*signed, info.min, info.max], dtype), rest])


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("source", WIDE)
def test_conversions_round_once(source: str, lanes: int) -> None:
    x = hard_to_round(source)
    expected = np.array([nearest(v) for v in x]).astype(bfloat16)
    assert same(elementwise(lambda v: v.astype("bfloat16"), x, lanes=lanes), expected)


@pytest.mark.parametrize("lanes", [1, 16])
def test_arithmetic_rounds_each_operation(lanes: int) -> None:
    rng = np.random.default_rng(6)
    a, b = (EVERY[rng.integers(0, 1 << 16, 5000)] for _ in range(2))
    for op in (np.add, np.subtract, np.multiply, np.divide):
        with np.errstate(all="ignore"):
            expected = op(a, b)
        assert same(elementwise(lambda x, y, op=op: op(x, y), a, b, lanes=lanes), expected), op


@pytest.mark.parametrize("lanes", [1, 16])
def test_literals_are_rounded_once(lanes: int) -> None:
    x = np.zeros(40, bfloat16)
    for number in (0.1, 1 + 2**-8 + 2**-40, -3.3962e38, 1e-39, float("inf")):
        found = elementwise(lambda v, n=number: v + const(n, "bfloat16"), x, lanes=lanes)
        assert (found == nearest(number)).all()


def test_arrays_from_files_are_told_what_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones(4, bfloat16))
    loaded = np.load(tmp_path / "x.npy")
    x = te.placeholder((4,), "bfloat16", name="X")
    y = te.compute((4,), lambda i: x[i] + 1.0, name="Y")
    program = lower(schedule(y).mod)
    kernel = CpuKernel(emit(program, cpu_features()), Signature.of(program), "explore")
    out = np.zeros(4, bfloat16)
    with pytest.raises(TargetError, match=r"read its bits with \.view\('bfloat16'\)"):
        kernel(loaded, out)
    kernel(loaded.view("bfloat16"), out)
    assert (out == 2).all()
    with pytest.raises(TargetError, match=r"X as bfloat16\[4\]|expects .* but got float32"):
        kernel(np.ones(4, np.float32), out)


def test_a_placeholder_takes_numpys_type() -> None:
    assert te.placeholder((4,), bfloat16, name="A").dtype == "bfloat16"
    assert te.placeholder((4,), np.dtype(bfloat16), name="A").dtype == "bfloat16"
