import numpy as np
import pytest

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes

PAIRS = [(a, b) for a in dtypes.ALL for b in dtypes.ALL]


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_sizes_and_ranges_are_numpys(dtype):
    assert dtypes.size_bytes(dtype) == np.dtype(dtype).itemsize
    if dtypes.is_integer(dtype):
        info = np.iinfo(dtype)
        assert (dtypes.lowest(dtype), dtypes.highest(dtype)) == (info.min, info.max)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_operands_meet_where_both_fit(a, b):
    signed, unsigned = a in dtypes.SIGNED or b in dtypes.SIGNED, "uint64" in (a, b)
    if signed and unsigned:
        with pytest.raises(ExpressionError, match="no common integer type"):
            dtypes.promote(a, b)
        return
    meet = dtypes.promote(a, b)
    assert meet == dtypes.promote(b, a)
    if {a, b} == {"float16", "bfloat16"}:
        assert meet == "float32"  # holds both; NumPy refuses
        return
    # NumPy agrees, except that its integers widen the floats they meet.
    if dtypes.is_float(a) == dtypes.is_float(b) or "bool" in (a, b):
        assert meet == np.promote_types(a, b)
    else:
        assert meet == (a if dtypes.is_float(a) else b)


def test_bool_is_neither_integer_nor_float():
    assert not dtypes.is_integer("bool")
    assert not dtypes.is_float("bool")
    assert (dtypes.lowest("bool"), dtypes.highest("bool")) == (0, 1)


def test_an_unknown_dtype_is_named():
    with pytest.raises(ExpressionError, match=r"'float8' is not known; use one of bool, int8"):
        dtypes.check_dtype("float8")
