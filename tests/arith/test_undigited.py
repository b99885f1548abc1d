"""Digits put together again mean the same number."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvmlab.arith.linear import Linear, Quotient
from tvmlab.arith.simplify import linear
from tvmlab.arith.undigited import flat_index, undigited
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.walk import substitute


def value(total: Linear, values: dict[Var, int]) -> int:
    from_values = {v: linear(v, {v: (n, n)}).expr() for v, n in values.items()}
    return linear(substitute(total.expr(), from_values), {}).constant


def digits(number: Expr, shape: tuple[int, ...]) -> list[Expr]:
    """The indices into an array of `shape` of the element at place `number`."""
    steps = [prod(shape[d + 1 :]) for d in range(len(shape))]
    return [number // step % extent for step, extent in zip(steps, shape, strict=True)]


extents = st.integers(1, 9)
shapes = st.tuples(extents, extents, extents)


@given(shapes, st.integers(1, 12))
def test_all_digits_of_a_number_are_that_number(shape: tuple[int, ...], factor: int) -> None:
    i, j = Var("i"), Var("j")
    ranges = {i: (0, prod(shape) // factor), j: (0, factor - 1)}
    steps = [prod(shape[d + 1 :]) for d in range(3)]
    flat = flat_index(digits(i * factor + j, shape), steps, ranges)
    for a, b in product(range(prod(shape) // factor), range(factor)):
        assert value(flat, {i: a, j: b}) == a * factor + b


@given(shapes, st.tuples(*[st.integers(-20, 20)] * 3), st.integers(1, 5), st.integers(-7, 7))
def test_any_sum_of_digits_keeps_its_value(
    shape: tuple[int, ...], steps: tuple[int, ...], factor: int, offset: int
) -> None:
    i = Var("i")
    total = Linear({}, 0)
    for digit, step in zip(digits(i * factor + offset, shape), steps, strict=True):
        total = total.plus(linear(digit, {}), step)
    joined = undigited(total, {})
    for n in range(-9, 30):
        assert value(joined, {i: n}) == value(total, {i: n})


def test_a_number_cut_in_two_ways_is_one_number() -> None:
    o, j = Var("o"), Var("j")
    ranges = {o: (0, 12), j: (0, 63)}
    shape = (64, 56, 56)
    flat = flat_index(digits(o * 16384 + j, shape), (3136, 56, 1), ranges)
    top = [atom for atom in flat.terms if isinstance(atom, Quotient)]
    assert [atom.divisor for atom in top] in ([], [3136 * 64])


@pytest.mark.parametrize("steps", [(1, 13), (26, 1), (14, 1)])
def test_digits_out_of_order_stay_apart(steps: tuple[int, int]) -> None:
    i = Var("i")
    flat = flat_index([i // 13, i % 13], steps, {i: (0, 90)})
    assert any(isinstance(atom, Quotient) for atom in flat.terms)
