"""Lanes in a pattern are loaded as whole vectors and shuffled."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import run, schedule
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features

PLACES: dict[str, Callable[[int], int]] = {
    # the element of X, of 4 x 40 elements, that each column of Y holds
    "twice": lambda i: i // 2,
    "three times": lambda i: i // 3,
    "two halves by turns": lambda i: i % 2 * 40 + i // 2,
    "pairs in turn": lambda i: i // 2 * 2 + (i + 1) % 2,
    "four rows by turns": lambda i: i % 4 * 40 + i // 4,
    "every seventh, in fours": lambda i: i // 4 * 7 + i % 4,
}


def picked(place: Callable[[int], int], extent: int, lanes: int, dtype: str) -> Schedule:
    X = te.placeholder((160,), dtype, name="X")
    Y = te.compute((extent,), lambda i: X[place(i)], name="Y")  # type: ignore[arg-type]
    s = schedule(Y)
    _, lane = s[Y].split("i", lanes)
    s[Y].vectorize(lane)
    return s


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(("extent", "lanes"), [(64, 16), (64, 32), (48, 24), (60, 12), (61, 16)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "bool"])
def test_patterns_are_read(name: str, extent: int, lanes: int, dtype: str) -> None:
    place = PLACES[name]
    x = (np.arange(160) * 37 % 101).astype(dtype)
    expected = x[[place(i) for i in range(extent)]]
    assert np.array_equal(run(picked(place, extent, lanes, dtype).mod, x), expected)


@pytest.mark.parametrize("name", ["twice", "two halves by turns", "pairs in turn"])
def test_patterns_are_not_gathered(name: str) -> None:
    text = emit(lower(picked(PLACES[name], 64, 16, "float32").mod), cpu_features())
    assert "gather" not in text


def test_nothing_beyond_the_last_element_is_read() -> None:
    """Of an array of 8, every element twice: no vector of 16 is loaded."""
    X = te.placeholder((8,), name="X")
    Y = te.compute((16,), lambda i: X[i // 2], name="Y")
    s = schedule(Y)
    s[Y].vectorize("i")
    text = emit(lower(s.mod), cpu_features())
    loaded = {int(n) for n in re.findall(r"load <(\d+) x float>", text)}
    assert loaded
    assert max(loaded) <= 8


def test_a_pattern_that_moves_with_its_place_is_gathered() -> None:
    text = emit(lower(picked(PLACES["three times"], 64, 16, "float32").mod), cpu_features())
    assert "gather" in text
