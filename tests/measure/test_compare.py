from __future__ import annotations

import numpy as np
import pytest

from tvmlab.errors import MeasureError
from tvmlab.measure.compare import _CHUNK, Agreement, Disagreement, compare

NAN, INF = float("nan"), float("inf")


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_equal_floats_agree_without_any_bound() -> None:
    found = compare(floats(1, -0.0, INF, NAN), floats(1, 0.0, INF, NAN), 0.0)
    assert found == Agreement(4, 0.0, 0.0)
    assert "equal" in str(found)


def test_floats_within_the_bound_agree() -> None:
    found = compare(floats(1.0, 2.0), np.array([1.0, 2.25]), 0.5)
    assert isinstance(found, Agreement)
    assert (found.max_error, found.bound_share) == (0.25, 0.5)


def test_the_bound_may_be_elementwise() -> None:
    bound = np.array([1.0, 0.1])
    assert isinstance(compare(floats(1, 2), floats(2, 2), bound), Agreement)
    found = compare(floats(1, 2), floats(1, 3), bound)
    assert isinstance(found, Disagreement)
    assert (found.worst, found.bound) == ((1,), 0.1)


@pytest.mark.parametrize(
    ("got", "expected"),
    [(NAN, 1.0), (1.0, NAN), (INF, 1.0), (1.0, INF), (INF, -INF), (-INF, 1e39), (INF, NAN)],
)
def test_specials_disagree_whatever_the_bound(got: float, expected: float) -> None:
    found = compare(floats(0, got), np.array([0, expected]), 1e30)
    assert isinstance(found, Disagreement)
    assert (found.worst, found.count) == ((1,), 1)


def test_what_the_dtype_cannot_hold_may_be_infinite() -> None:
    assert isinstance(compare(floats(INF, -INF), np.array([1e39, -1e300]), 0.0), Agreement)


def test_the_first_and_the_worst_are_named() -> None:
    reference = np.zeros((4, 5), np.float32)
    result = reference.copy()
    result[1, 2], result[3, 4], result[2, 0] = 0.5, 8.0, NAN
    found = compare(result, reference, 0.25, "C")
    assert isinstance(found, Disagreement)
    assert (found.count, found.first, found.worst) == (3, (1, 2), (2, 0))
    assert str(found) == (
        "3 of 20 elements of C are wrong, the first at [1, 2]; the worst is C[2, 0]: "
        "got nan, expected 0, at most 0.25 apart."
    )


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "bool"])
def test_integers_are_exact_whatever_the_bound(dtype: str) -> None:
    reference = np.array([0, 1, 1, 0], dtype)
    assert compare(reference.copy(), reference, 10.0) == Agreement(4, 0.0, 0.0)
    found = compare(np.array([0, 1, 0, 0], dtype), reference, 10.0)
    assert isinstance(found, Disagreement)
    assert (found.worst, found.count) == ((2,), 1)


def test_integers_that_float64_cannot_tell_apart_differ() -> None:
    big = np.array([2**60], np.int64)
    found = compare(big + 1, big, 0.0)
    assert isinstance(found, Disagreement)
    assert str(2**60 + 1) in str(found)


def test_large_arrays_are_looked_at_to_the_end() -> None:
    reference = np.ones(_CHUNK + 3, np.float32)
    result = reference.copy()
    result[[5, -1]] = 3, 2
    found = compare(result, reference, 1e-6)
    assert isinstance(found, Disagreement)
    assert (found.count, found.first, found.worst) == (2, (5,), (5,))
    result[5] = 1
    found = compare(result, reference, 1e-6)
    assert isinstance(found, Disagreement)
    assert found.first == found.worst == (_CHUNK + 2,)


def test_float16_and_scalars() -> None:
    half = np.array(0.1, np.float16)
    assert isinstance(compare(half, np.array(0.1), 1e-4), Agreement)


@pytest.mark.parametrize("bound", [-1.0, NAN, np.zeros(3)])
def test_impossible_bounds_are_refused(bound: float) -> None:
    with pytest.raises(MeasureError, match="the bound for C"):
        compare(floats(1, 2), floats(1, 2), bound, "C")


def test_shapes_must_be_equal() -> None:
    with pytest.raises(MeasureError, match=r"\[2\] and its reference \[3\]"):
        compare(floats(1, 2), floats(1, 2, 3), 0.0)


def test_only_agreement_counts_as_true() -> None:
    assert compare(floats(1, 2), floats(1, 2), 0.0)
    assert not compare(floats(1, 2), floats(1, 3), 0.0)
