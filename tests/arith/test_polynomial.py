"""Bounds for all values of sizes: sound by trying them, and sharp where programs need it."""

from __future__ import annotations

import random
from math import inf

import pytest

from tests.arith.index_expressions import value
from tvmlab.arith import bounds, simplify
from tvmlab.arith.polynomial import greatest
from tvmlab.arith.simplify import extent_range, linear
from tvmlab.ir.buffer import Extent
from tvmlab.ir.expr import Expr, Var, as_expr, const, maximum, minimum
from tvmlab.ir.shapes import value_of
from tvmlab.ir.size import Size

n, m, small = Size("n"), Size("m", 2), Size("small", 1, 9)
i, j = Var("i"), Var("j")
EXTENTS: tuple[Extent, ...] = (
    n, m, small, n + 2, n * 4, (n + 7) // 8, m // 2, n * m, n * (m + 2), 1, 5, 8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("extent", "over"),
    [
        ((n + 31) // 32, i * 32 + j - n - 31),
        (n // 32, i * 32 + j - n),
        ((n + 31) // 32, i * 32 - n),
        (n * m, i // m - n),
        (n * m, i % m - m),
        (n * (m + 2) * 4, i // ((m + 2) * 4) - n),
        (n * (m + 2) * 4, i // 4 // (m + 2) - n),
        (n // 2, i + n // 2 - n),
        (n // 2, i * 2 + 1 - n // 2 * 2),
        (n, i // 2 - (n + 1) // 2),
        (n, minimum(i, m - 1) - m),
        (n, maximum(i, n - 1) - n),
        (n * ((m + 3) // 4), i // ((m + 3) // 4) - n),
    ],
)
def test_what_split_fused_and_clipped_loops_reach_is_proved(extent: Extent, over: Expr) -> None:
    known = {i: extent_range(extent, {}), j: (0, 31)}
    assert bounds(over, known)[1] < 0


@pytest.mark.parametrize(
    ("extent", "over"),
    [
        ((n + 31) // 32, i * 32 + j - n),
        (n // 32 + 1, i * 32 - n),
        (n, i - m),
        (n, i + 1 - n),
        (n * m, i // n - n),
        (n, maximum(i, m) - n),
        (n, i * (n - m)),
        (8, i * (2 - n) + (n - 2) * 7 - 1),
    ],
)
def test_what_may_be_outside_is_not_proved(extent: Extent, over: Expr) -> None:
    known = {i: extent_range(extent, {}), j: (0, 31)}
    assert bounds(over, known)[1] >= 0


def test_sizes_have_their_own_bounds() -> None:
    assert bounds(n, {}) == (1, inf)
    assert bounds(small + m, {}) == (3, inf)
    assert bounds(small * 2 - 1, {}) == (1, 17)
    assert bounds((n + 7) // 8 - n // 8, {}) == (0, 1)
    assert repr(simplify(n * 8 // 8)) == "n"
    assert repr(simplify((n < 1) | (m < n + 1))) == "(m < (n + 1))"


def test_the_greatest_value_of_a_loop_is_its_last() -> None:
    known = {i: extent_range((n + 7) // 8, {}), j: (0, 7)}
    most = greatest(linear(i * 8 + j, known), known)
    assert most is not None
    for number in (1, 7, 8, 9):
        assert value_of(most, {n: number}) == (number + 7) // 8 * 8 - 1
    assert greatest(linear(i * 8 + Var("unknown"), known), known) is None


@pytest.mark.parametrize("seed", range(300))
def test_bounds_hold_at_every_value(seed: int) -> None:
    rng = random.Random(seed)
    first, second = rng.choice(EXTENTS), rng.choice(EXTENTS)
    known = {i: extent_range(first, {}), j: extent_range(second, {})}
    e = _random_index(rng, 3)
    low, high = bounds(e, known)
    simple = simplify(e, known)
    for _ in range(25):
        sizes = {n: rng.randint(1, 12), m: rng.randint(2, 12), small: rng.randint(1, 9)}
        point = {
            **sizes,
            i: rng.randrange(value_of(first, sizes)),
            j: rng.randrange(value_of(second, sizes)),
        }
        exact = value(e, point)
        assert low <= exact <= high, (e, point, low, high)
        assert value(simple, point) == exact, (e, simple, point)


def _random_index(rng: random.Random, depth: int) -> Expr:
    if depth == 0 or rng.random() < 0.2:
        return as_expr(rng.choice((i, j, i, j, n, m, small, const(rng.randint(-3, 9), "int64"))))
    a, b = _random_index(rng, depth - 1), _random_index(rng, depth - 1)
    divisor = rng.choice((const(rng.choice((2, 3, 8)), "int64"), n, m, small, m + 2))
    return rng.choice(
        (a + b, a - b, a * b, a // divisor, a % divisor, minimum(a, b), maximum(a, b), a + b)
    )
