"""Index maps, judged by trying every element: places differ, lie inside, and lead back."""

from __future__ import annotations

import random
from itertools import product

import pytest

from tvmlab.arith.index_map import IndexMap, NotOneToOne
from tvmlab.errors import ParseError
from tvmlab.ir.expr import Binary, Const, Expr, Var


def _value(e: Expr, at: dict[Var, int]) -> int:
    if isinstance(e, Var):
        return at[e]
    if isinstance(e, Const):
        return int(e.value)
    assert isinstance(e, Binary)
    a, b = _value(e.a, at), _value(e.b, at)
    return {"+": a + b, "-": a - b, "*": a * b, "//": b and a // b, "%": b and a % b}[e.op]


def _judge(text: str, extents: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape after every element was tried; None where the map is not proved one to one."""
    index_map = IndexMap.parse(text)
    assert str(IndexMap.parse(str(index_map))) == str(index_map)
    try:
        layout = index_map.over(extents)
    except NotOneToOne:
        return None
    places = [Var(f"q{n}") for n in range(len(layout.shape))]
    inverse = layout.indices(places)

    def back(place: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(_value(i, dict(zip(places, place, strict=True))) for i in inverse)

    used = set()
    for element in product(*map(range, extents)):
        at = dict(zip(index_map.names, element, strict=True))
        place = tuple(_value(r, at) for r in index_map.results)
        assert all(0 <= p < e for p, e in zip(place, layout.shape, strict=True)), (text, element)
        assert place not in used, (text, element)
        assert back(place) == element, (text, element)
        used.add(place)
    every = list(product(*map(range, layout.shape)))
    assert layout.is_padded == (len(every) > len(used))
    for place in every:
        is_element = all(0 <= i < e for i, e in zip(back(place), extents, strict=True))
        assert is_element == (place in used), (text, place)
    return layout.shape


@pytest.mark.parametrize(
    ("text", "extents", "shape"),
    [
        ("n, c, h, w -> n, c // 16, h, w, c % 16", (1, 3, 4, 5), (1, 1, 4, 5, 16)),
        ("k, n -> n // 16, k, n % 16", (7, 40), (3, 7, 16)),
        ("i, j -> j, i", (3, 5), (5, 3)),
        ("i, j -> i * 5 + j", (3, 5), (15,)),
        ("i, j -> (i * 5 + j) // 4, (i * 5 + j) % 4", (3, 5), (4, 4)),
        ("i -> i % 4 // 2, i // 4, i % 2", (11,), (2, 3, 2)),
        ("i, j -> j", (1, 4), (4,)),
        ("i, j -> i, 0, j", (2, 4), (2, 1, 4)),
        ("c -> c // 16, c % 16", (1,), (1, 16)),
    ],
)
def test_maps_that_keep_every_element_apart(
    text: str, extents: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    assert _judge(text, extents) == shape


@pytest.mark.parametrize(
    ("text", "extents"),
    [
        ("i -> i % 16", (64,)),
        ("i -> i // 2", (4,)),
        ("i, j -> i, i", (3, 4)),
        ("i, j -> i + j", (3, 4)),
        ("i -> i % 16, i // 8", (64,)),
        ("i -> i % 12 // 8, i % 12 % 8, i // 12", (30,)),
        ("i -> i - 1", (3,)),
    ],
)
def test_maps_that_are_not_proved(text: str, extents: tuple[int, ...]) -> None:
    assert _judge(text, extents) is None


def test_random_maps_are_one_to_one_or_not_proved() -> None:
    rng = random.Random(0)

    def expression(depth: int) -> str:
        if depth == 0:
            return rng.choice("ij")
        if rng.random() < 0.3:
            factor = rng.choice((2, 3, 4, 5, 6))
            return f"({expression(depth - 1)} * {factor} + {expression(depth - 1)})"
        return f"({expression(depth - 1)} {rng.choice(('//', '%'))} {rng.choice((2, 3, 4, 6, 8))})"

    proved = 0
    for _ in range(2000):
        results = [expression(rng.randint(0, 2)) for _ in range(rng.randint(1, 4))]
        text = f"i, j -> {', '.join(results)}"
        proved += _judge(text, (rng.randint(1, 9), rng.randint(1, 9))) is not None
        joined, a, b = "(i * 5 + j)", rng.choice((2, 4, 5, 8)), rng.choice((2, 3, 4))
        text = f"i, j -> {joined} // {a} % {b}, {joined} % {a}, {joined} // {a * b}"
        proved += _judge(text, (rng.randint(1, 20), 5)) is not None
    assert proved > 500


def test_a_function_is_traced() -> None:
    made = IndexMap.traced(lambda n, c: (n, c // 16, 0, c % 16))
    assert str(made) == "n, c -> n, c // 16, 0, c % 16"
    with pytest.raises(ParseError, match="no expression"):
        IndexMap.traced(lambda n: "n")


@pytest.mark.parametrize(
    "text", ["i", "i ->", "i -> q", "i, i -> i", "1 -> 2", "i -> i[0]", "-> i", "i -> i; i"]
)
def test_texts_that_are_no_maps(text: str) -> None:
    with pytest.raises(ParseError):
        IndexMap.parse(text)
