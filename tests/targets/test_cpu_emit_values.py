"""Arithmetic, comparisons and casts of every dtype, scalar and in lanes, against NumPy."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np
import pytest

import tvmlab as t
import tvmlab.te as te
from tests.targets.emitted import elementwise, run, schedule
from tvmlab.ir import dtypes
from tvmlab.ir.expr import const, maximum, minimum, select
from tvmlab.te.evaluate import evaluate

LANES = (1, 4, 13, 16, 40)
NUMBERS = (*dtypes.SIGNED, *dtypes.UNSIGNED, *dtypes.FLOATS)
INTEGERS = (*dtypes.SIGNED, *dtypes.UNSIGNED)
RING = (operator.add, operator.sub, operator.mul)
COMPARE = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)


def samples(dtype: str, seed: int = 0, length: int = 101) -> np.ndarray:
    """Values over the whole range of a dtype, its corners among them."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random(length) < 0.5
    if dtypes.is_float(dtype):
        return (rng.standard_normal(length) * 8).astype(dtype)
    low, high = int(dtypes.lowest(dtype)), int(dtypes.highest(dtype))
    values = rng.integers(low, high, length, dtype=dtype, endpoint=True)
    values[:4] = (low, high, 0, 1)
    return rng.permutation(values)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", NUMBERS)
def test_sum_difference_and_product_wrap_or_round_as_numpy(dtype: str, lanes: int) -> None:
    a, b = samples(dtype, 1), samples(dtype, 2)
    for op in RING:
        with np.errstate(all="ignore"):
            expected = op(a, b)
        assert np.array_equal(elementwise(op, a, b, lanes=lanes), expected), op


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_division_rounds_towards_minus_infinity(dtype: str, lanes: int) -> None:
    a, b = samples(dtype, 3), samples(dtype, 4)
    b[b == 0] = 1
    with np.errstate(all="ignore"):
        quotient, rest = a // b, a % b
    assert np.array_equal(elementwise(lambda x, y: x // y, a, b, lanes=lanes), quotient)
    assert np.array_equal(elementwise(lambda x, y: x % y, a, b, lanes=lanes), rest)


@pytest.mark.parametrize("divisor", [1, 2, 3, 8, 10, -1, -3, -8])
@pytest.mark.parametrize("lanes", [1, 16])
def test_division_by_constants(divisor: int, lanes: int) -> None:
    for dtype in dtypes.SIGNED:
        a = samples(dtype, 5)
        with np.errstate(all="ignore"):
            quotient, rest = a // np.array(divisor, dtype), a % np.array(divisor, dtype)
        assert np.array_equal(elementwise(lambda x: x // divisor, a, lanes=lanes), quotient), dtype
        assert np.array_equal(elementwise(lambda x: x % divisor, a, lanes=lanes), rest), dtype


def test_division_by_zero_and_overflow_do_not_trap() -> None:
    low = np.iinfo(np.int32).min
    a, b = np.array([5, low, low], np.int32), np.array([0, -1, 2], np.int32)
    for lanes in (1, 16):
        assert list(elementwise(lambda x, y: x // y, a, b, lanes=lanes)[1:]) == [low, low // 2]
        assert list(elementwise(lambda x, y: x % y, a, b, lanes=lanes)[1:]) == [0, 0]


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", [*NUMBERS, "bool"])
def test_comparisons(dtype: str, lanes: int) -> None:
    a, b = samples(dtype, 6), samples(dtype, 7)
    b[::3] = a[::3]
    for op in COMPARE:
        assert np.array_equal(elementwise(op, a, b, lanes=lanes), op(a, b)), op


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_nan_is_unordered_and_min_max_give_the_other_side(dtype: str, lanes: int) -> None:
    a = np.array([1, np.nan, 3, np.nan, np.inf, -np.inf], dtype)
    b = np.array([2, 2, np.nan, np.nan, np.nan, 1], dtype)
    for op in COMPARE:
        assert np.array_equal(elementwise(op, a, b, lanes=lanes), op(a, b)), op
    for ours, numpys in ((minimum, np.fmin), (maximum, np.fmax)):
        found = elementwise(ours, a, b, lanes=lanes)
        assert np.array_equal(found, numpys(a, b), equal_nan=True)


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
def test_min_and_max_of_integers(dtype: str, lanes: int) -> None:
    a, b = samples(dtype, 8), samples(dtype, 9)
    assert np.array_equal(elementwise(minimum, a, b, lanes=lanes), np.minimum(a, b))
    assert np.array_equal(elementwise(maximum, a, b, lanes=lanes), np.maximum(a, b))


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("target", dtypes.ALL)
@pytest.mark.parametrize("source", dtypes.ALL)
def test_casts(source: str, target: str, lanes: int) -> None:
    a = samples(source, 10)
    if dtypes.is_float(source) and dtypes.is_integer(target):
        a = np.abs(a) if target in dtypes.UNSIGNED else a  # out of range is undefined
    with np.errstate(all="ignore"):
        expected = a.astype(target)
    assert np.array_equal(elementwise(lambda x: x.astype(target), a, lanes=lanes), expected)


@pytest.mark.parametrize("lanes", [1, 13, 16])
def test_conditions_join_negate_and_select(lanes: int) -> None:
    a, b = samples("float32", 11), samples("float32", 12)
    p, q = a > 0, b > 1

    def f(x: te.Tensor, y: te.Tensor) -> te.Tensor:
        return select(((x > 0) & (y > 1)) | ~(x > 2), x * 2.0, y)

    expected = np.where((p & q) | ~(a > 2), a * 2, b)
    assert np.array_equal(elementwise(f, a, b, lanes=lanes), expected)


@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_scalar_and_vector_code_agree_bit_for_bit(dtype: str) -> None:
    a, b = np.abs(samples(dtype, 13)), samples(dtype, 14)

    def f(x: te.Tensor, y: te.Tensor) -> te.Tensor:
        return te.exp(y) / (te.sqrt(x) + te.tanh(y) * x - y) + te.log(x)

    scalar = elementwise(f, a, b)
    for lanes in (4, 16, 37):
        assert np.array_equal(elementwise(f, a, b, lanes=lanes), scalar, equal_nan=True)


@pytest.mark.parametrize("preset", ["explore", "light", "full"])
@pytest.mark.parametrize(
    "value",
    [
        lambda y, x: (y * 7 - x * 5) // 3,
        lambda y, x: (y - x) % 7,
        lambda y, x: (x - 9) // 4 * 100 + (x - 9) % 4,
        lambda y, x: minimum(y * 3, x) - maximum(x - 4, y) % 5,
    ],
)
def test_index_arithmetic_as_data(value: Callable[..., te.Tensor], preset: str) -> None:
    out = te.compute((11, 24), lambda y, x: value(y, x), name="Y")
    s = schedule(out)
    plain = run(s.mod, preset=preset)
    expected = [[int(_python(value, y, x)) for x in range(24)] for y in range(11)]
    assert np.array_equal(plain, expected)
    s[out].vectorize(s[out].loops[1])
    assert np.array_equal(run(s.mod, preset=preset), expected)


def _python(value: Callable[..., te.Tensor], y: int, x: int) -> int:
    """The expression at a point, folded by the constants it is built from."""
    from tvmlab.ir.expr import Const

    folded = value(Const(y, "int64"), Const(x, "int64"))
    assert isinstance(folded, Const)
    return int(folded.value)


@pytest.mark.parametrize("lanes", [1, 16])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_the_corners_of_a_dtype_as_constants(dtype: str, lanes: int) -> None:
    x = samples(dtype, 15)
    for corner in (dtypes.lowest(dtype), dtypes.highest(dtype)):
        constant = const(corner, dtype)
        found = elementwise(lambda v, c=constant: maximum(minimum(v, c), c), x, lanes=lanes)
        assert np.array_equal(found, np.full(len(x), corner, dtype))


def test_elements_of_64_bits_wrap_around() -> None:
    """Indices stay inside memory, but elements may be any number: 4 * a // 4 is not a."""
    a = t.placeholder((4,), "int64", name="A")
    cases = {
        "quotient": lambda i: a[i] * 4 // 4,
        "remainder": lambda i: (a[i] * 6 + 3) % 3,
        "shift": lambda i: a[i] * 4 >> 2,
        "order": lambda i: t.select(a[i] + 1 < a[i] + 2, t.const(1, "int64"), t.const(0, "int64")),
        "larger": lambda i: t.max(a[i] + 1, a[i]),
    }
    given = np.array([2**62 + 5, -(2**63), 2**63 - 1, 7])
    for name, element in cases.items():
        tensor = t.compute((4,), element, name="B")
        got = np.empty(4, np.int64)
        t.build(tensor)(given, got)
        np.testing.assert_array_equal(got, evaluate([tensor], {"A": given})[0].value, name)
