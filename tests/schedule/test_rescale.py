"""A softmax part by part: right for any part, and refused where parts do not fit."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import assert_right
from tests.schedule.weights import softmax
from tvmlab.ir.interpret import interpret
from tvmlab.schedule import Schedule, create_schedule

ROWS, COLUMNS = 6, 48


def in_parts(width: int, scale: float = 1.0) -> Schedule:
    """The schedule after all that the step needs, and the step."""
    s = create_schedule(softmax(ROWS, COLUMNS, scale))
    for block, axis in (("M", "j"), ("T", "k"), ("O", "l")):
        outer, _ = s[block].split(axis, width)
        s[block].rfactor(str(outer))
    s["M"].rescale()
    return s


def results(s: Schedule, a: np.ndarray) -> list[np.ndarray]:
    """The sums of weights, and of weights times 0, 1, ..."""
    made = [np.full(ROWS, 77, np.float32) for _ in range(2)]
    interpret(s.mod, [a, *made])
    return made


def given(kind: str) -> np.ndarray:
    """Rows of 48: whatever, far apart, growing, falling, or with parts that count for nothing."""
    a = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).astype(np.float32)
    if kind == "far":
        a *= 1e4
    elif kind in ("growing", "falling"):
        a.sort(axis=1)
        a = 10 * (a if kind == "growing" else a[:, ::-1])
    elif kind == "masked":
        a[:, :16], a[1, 20:] = -np.inf, -np.inf
    return np.ascontiguousarray(a)


@pytest.mark.parametrize("kind", ["near", "far", "growing", "falling", "masked"])
@pytest.mark.parametrize(("width", "scale"), [(16, 1.0), (8, 0.125), (2, 1.0), (24, 3.0)])
def test_every_part_counts_as_much_as_it_did(kind: str, width: int, scale: float) -> None:
    a = given(kind)
    if kind == "masked":  # a bound knows no infinity
        wide = a.astype(np.float64)
        weights = np.exp((wide - wide.max(axis=1, keepdims=True)) * scale)
        expected = weights.sum(axis=1), weights @ np.arange(COLUMNS)
        for made, wanted in zip(results(in_parts(width, scale), a), expected, strict=True):
            np.testing.assert_allclose(made, wanted, rtol=1e-4)
        return

    class Whole:
        tensors = softmax(ROWS, COLUMNS, scale)

    assert_right(Whole, [a], results(in_parts(width, scale), a))


def test_parts_follow_each_other_in_one_loop_of_the_row() -> None:
    s = in_parts(16)
    s["T"].reorder("ko", "y")
    s["O"].reorder("lo", "y")
    s["M_partial"].reorder("jo", "y")
    before = results(s, given("near"))
    for block in ("T_partial", "O_partial"):
        s[block].compute_at(block[0], "ko" if block[0] == "T" else "lo")
    assert all(map(np.array_equal, results(s, given("near")), before))


def test_the_greatest_value_of_all_is_gone() -> None:
    names = in_parts(16).blocks
    assert "M" not in names
    assert {"T", "O", "M_partial", "E"} <= set(names)


def test_a_pair_is_a_fold_like_any_other() -> None:
    s = in_parts(4)
    outer, _ = s["T"].split("ko", 3)
    s["T"].rfactor(str(outer))
    s["O"].decompose_reduction("lo")
    (total, _), (again, _) = results(in_parts(4), given("near")), results(s, given("near"))
    np.testing.assert_allclose(total, again, rtol=1e-6)


def test_a_negative_factor_would_weigh_the_greatest_least() -> None:
    with pytest.raises(t.ScheduleError, match="times a positive number"):
        in_parts(16, -1.0)
