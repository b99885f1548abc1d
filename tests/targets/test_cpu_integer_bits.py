"""Bits, shifts and truncating division of every integer dtype, scalar and in lanes."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import Array, elementwise
from tests.targets.test_cpu_emit_values import INTEGERS, LANES, samples
from tvmlab.errors import ExpressionError, VerifyError
from tvmlab.ir import dtypes
from tvmlab.ir.functions import FUNCTIONS
from tvmlab.ir.interpret import interpret
from tvmlab.te.naive import lower_naive

BITS = (operator.and_, operator.or_, operator.xor)
SHIFTS = (operator.lshift, operator.rshift)


def interpreted(f: Callable[..., te.Tensor], *arrays: Array) -> Array:
    inputs = [te.placeholder(a.shape, str(a.dtype), f"X{n}") for n, a in enumerate(arrays)]
    out = te.compute(arrays[0].shape, lambda i: f(*[x[i] for x in inputs]), "Y")
    result = np.zeros(out.extents, out.dtype)
    interpret(lower_naive([out]), [*arrays, result])
    return result


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_bits_are_joined_and_inverted(dtype: str, lanes: int) -> None:
    a, b = samples(dtype, 1), samples(dtype, 2)
    for op in BITS:
        assert np.array_equal(elementwise(op, a, b, lanes=lanes), op(a, b)), op
        assert np.array_equal(interpreted(op, a, b), op(a, b)), op
    assert np.array_equal(elementwise(operator.invert, a, lanes=lanes), ~a)
    assert np.array_equal(interpreted(operator.invert, a), ~a)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_shifts_by_every_amount(dtype: str, lanes: int) -> None:
    width = dtypes.bits(dtype)
    a = samples(dtype, 3)
    b = (np.arange(len(a)) % width).astype(dtype)
    for op in SHIFTS:
        assert np.array_equal(elementwise(op, a, b, lanes=lanes), op(a, b)), op
        assert np.array_equal(interpreted(op, a, b), op(a, b)), op
        for by in (1, width // 2, width - 1):
            found = elementwise(lambda x, op=op, by=by: op(x, by), a, lanes=lanes)
            assert np.array_equal(found, op(a, np.array(by, dtype))), (op, by)


def test_a_shift_out_of_range_is_an_error_where_it_is_seen() -> None:
    a, b = np.array([5, 6], np.int8), np.array([3, 8], np.int8)
    with pytest.raises(VerifyError, match="an integer of 8 bits is shifted by 8"):
        interpreted(operator.lshift, a, b)
    assert elementwise(operator.lshift, a, b)[0] == 40  # and compiled code lives on


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_division_towards_zero(dtype: str, lanes: int) -> None:
    a, b = samples(dtype, 4), samples(dtype, 5)
    b[b == 0] = 1
    quotient = [_wrapped(_truncated(int(x), int(y)), dtype) for x, y in zip(a, b, strict=True)]
    rest = [int(x) - _truncated(int(x), int(y)) * int(y) for x, y in zip(a, b, strict=True)]
    for f, expected in ((te.truncdiv, quotient), (te.truncmod, rest)):
        assert elementwise(f, a, b, lanes=lanes).tolist() == expected
        with np.errstate(all="ignore"):
            assert interpreted(f, a, b).tolist() == expected
    by_seven = elementwise(lambda x: te.truncdiv(x, 7), a, lanes=lanes)
    assert by_seven.tolist() == [_truncated(int(x), 7) for x in a]


def _truncated(a: int, b: int) -> int:
    size = abs(a) // abs(b)
    return size if (a < 0) == (b < 0) else -size


def _wrapped(value: int, dtype: str) -> int:
    low = int(dtypes.lowest(dtype))
    return (value - low) % (1 << dtypes.bits(dtype)) + low


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_counts_of_bits(dtype: str, lanes: int) -> None:
    width = dtypes.bits(dtype)
    a = samples(dtype, 6) >> (np.arange(101) % width).astype(dtype)
    patterns = [f"{int(x) % (1 << width):0{width}b}" for x in a]
    counts = {
        "popcount": [p.count("1") for p in patterns],
        "clz": [len(p) - len(p.lstrip("0")) for p in patterns],
    }
    for name, expected in counts.items():
        f = getattr(te, name)
        assert elementwise(f, a, lanes=lanes).tolist() == expected, name
        assert interpreted(f, a).tolist() == expected, name
        assert FUNCTIONS[name].reference(a).tolist() == expected, name


def test_the_other_names() -> None:
    a, b = np.array([7, -7, 6, 0], np.int32), np.array([2, 2, 3, 5], np.int32)
    for f, expected in (
        (te.floordiv, a // b),
        (te.floormod, a % b),
        (te.indexdiv, a // b),
        (te.indexmod, a % b),
        (te.ceildiv, -(-a // b)),
        (te.div, [3, -3, 2, 0]),
        (te.bitwise_and, a & b),
        (te.bitwise_or, a | b),
        (te.bitwise_xor, a ^ b),
        (te.shift_left, a << b),
        (te.shift_right, a >> b),
    ):
        assert elementwise(f, a, b).tolist() == list(expected), f
    assert elementwise(te.bitwise_not, a).tolist() == list(~a)
    x = np.array([1.0, -3.0], np.float32)
    assert elementwise(te.div, x, x).tolist() == [1, 1]


def test_infinity_is_of_floats() -> None:
    for dtype in dtypes.FLOATS:
        assert te.infinity(dtype).value == float("inf")
    with pytest.raises(ExpressionError, match=r"int8 has no infinity; use max_value\('int8'\)"):
        te.infinity("int8")
