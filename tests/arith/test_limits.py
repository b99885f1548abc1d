"""What a branch says of the variables it compares."""

from __future__ import annotations

from math import inf

import pytest

from tvmlab.arith.limits import narrowed
from tvmlab.ir.expr import Const, Expr, Var, const

i, j = Var("i"), Var("j")
RANGES = {i: (0, 9), j: (2, 5)}


@pytest.mark.parametrize(
    ("condition", "there", "elsewhere"),
    [
        (i < 7, (0, 6), (7, 9)),
        (i <= 7, (0, 7), (8, 9)),
        (i > 7, (8, 9), (0, 7)),
        (i >= 7, (7, 9), (0, 6)),
        (const(7, "int64") > i, (0, 6), (7, 9)),
        (i == 4, (4, 4), (0, 9)),
        (~(i < 7), (7, 9), (0, 6)),
        (i < j, (0, 9), (0, 9)),  # not with a number
        (i + 1 < 7, (0, 9), (0, 9)),  # not a variable
        (i < 20, (0, 9), (0, 9)),  # said twice, and never false
    ],
    ids=repr,
)
def test_a_variable_compared_with_a_number(
    condition: Expr, there: tuple[int, int], elsewhere: tuple[int, int]
) -> None:
    assert narrowed(RANGES, condition, True) == {i: there, j: (2, 5)}
    assert narrowed(RANGES, condition, False) == {i: elsewhere, j: (2, 5)}


def test_parts_of_a_condition() -> None:
    both = (i >= 3) & (j < 4)
    assert narrowed(RANGES, both, True) == {i: (3, 9), j: (2, 3)}
    assert narrowed(RANGES, both, False) == RANGES
    either = (i >= 3) | (j < 4)
    assert narrowed(RANGES, either, True) == RANGES
    assert narrowed(RANGES, either, False) == {i: (0, 2), j: (4, 5)}


def test_what_is_not_known_is_known_on_one_side() -> None:
    assert narrowed({}, i < 7, True) == {i: (-inf, 6)}


def test_a_condition_of_no_variable_says_nothing() -> None:
    assert narrowed(RANGES, Const(1, "bool"), False) == RANGES
