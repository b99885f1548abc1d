"""Decisions left open: a schedule with holes is a schedule, and its holes can be filled."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import pytest

import tvmlab as t
from tvmlab.arith.factors import count_factorisations, factorisations
from tvmlab.ir import equal
from tvmlab.schedule import Schedule, step_from_json
from tvmlab.te.tensor import Tensor


def _matmul(n: int = 64) -> Tensor:
    a = t.placeholder((n, n), name="A")
    b = t.placeholder((n, n), name="B")
    k = t.reduce_axis((0, n), name="k")
    return t.compute((n, n), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


def _open() -> Schedule:
    c = _matmul()
    s = t.create_schedule(c)
    yo, yi = s[c].split("y", t.hole("tile_y", [4, 8, 16, 32]))
    x0, x1, x2 = s[c].split(c.axes[1], factors=t.sample_perfect_tile(c.axes[1], 3))
    s[c].reorder(yo, x0, x1, "k", yi, x2)
    s[c].parallel(t.sample_categorical("threads", ["yo", "x0"]))
    return s


def _by_hand(tile: int, factors: list[int], threads: str) -> Schedule:
    s = t.create_schedule(_matmul())
    s["C"].split("y", tile)
    s["C"].split("x", factors=factors)
    s["C"].reorder("yo", "x0", "x1", "k", "yi", "x2")
    s["C"].parallel(threads)
    return s


def test_a_schedule_with_holes_is_a_schedule_with_their_defaults() -> None:
    s = _open()
    assert equal(s.mod, _by_hand(4, [4, 4, 4], "yo").mod)
    assert {name: hole.value for name, hole in s.holes.items()} == {
        "tile_y": 4,
        "tile_x": (4, 4, 4),
        "threads": "yo",
    }
    assert s.holes["tile_y"].options == (4, 8, 16, 32)
    assert len(s.holes["tile_x"].options) == count_factorisations(64, 3) == 28


def test_the_trace_shows_the_options_and_what_is_chosen() -> None:
    assert _open().trace.lines == (
        'yo, yi = s["C"].split("y", t.hole("tile_y", [4, 8, 16, 32], 4))',
        'x0, x1, x2 = s["C"].split("x", factors=t.sample_perfect_tile("x", 3, [4, 4, 4]))',
        's["C"].reorder("yo", "x0", "x1", "k", "yi", "x2")',
        's["C"].parallel(t.hole("threads", ["yo", "x0"], "yo"))',
    )


def test_filled_is_played_again_and_plain_has_no_holes() -> None:
    s = _open()
    other = s.fill({"tile_y": 16, "tile_x": [2, 2, 16], "threads": "x0"})
    by_hand = _by_hand(16, [2, 2, 16], "x0")
    assert equal(other.mod, by_hand.mod)
    assert s.holes["tile_y"].value == 4, "the first stays as it is"
    assert other.holes["tile_y"].value == 16
    part = other.plain("tile_y", "threads")
    assert list(part.holes) == ["tile_x"]
    assert part.trace.lines[0] == 'yo, yi = s["C"].split("y", 16)'
    closed = other.plain()
    assert not closed.holes
    assert closed.trace.to_json() == by_hand.trace.to_json()


def test_a_frozen_hole_is_fixed_until_it_is_open_again() -> None:
    s = _open()
    fixed = s.freeze("tile_y", 16)
    assert (fixed.holes["tile_y"].value, fixed.holes["tile_y"].is_frozen) == (16, True)
    assert not s.holes["tile_y"].is_frozen, "the first stays as it is"
    assert equal(fixed.mod, _by_hand(16, [4, 4, 4], "yo").mod)
    assert fixed.trace.lines[0] == (
        'yo, yi = s["C"].split("y", t.hole("tile_y", [4, 8, 16, 32], 16, frozen=True))'
    )
    with pytest.raises(t.UsageError, match=r"'tile_y' is frozen at 16; open it first with unfree"):
        fixed.fill({"tile_y": 8})
    assert fixed.freeze("tile_y", 8).holes["tile_y"].value == 8, "freezing again is meant"
    assert fixed.fill({"threads": "x0"}).holes["tile_y"].is_frozen
    again = fixed.unfreeze("tile_y")
    assert equal(again.mod, fixed.mod)
    assert again.fill({"tile_y": 4}).trace.to_json() == s.trace.to_json()
    every = s.freeze()
    assert all(hole.is_frozen for hole in every.holes.values())
    assert every.unfreeze().trace.to_json() == s.trace.to_json()
    assert every.plain().trace.to_json() == s.plain().trace.to_json()
    part = every.unfreeze("tile_x", "threads")
    assert [n for n, hole in part.holes.items() if hole.is_frozen] == ["tile_y"]


def test_freezing_what_is_not_there() -> None:
    s = _open()
    with pytest.raises(t.UsageError, match="no hole 'z'; its holes are tile_y, tile_x, threads"):
        s.freeze("z")
    with pytest.raises(t.UsageError, match="no hole 'z'"):
        s.unfreeze("z")
    with pytest.raises(t.UsageError, match="was given 5, which is not among its 4 options"):
        s.freeze("tile_y", 5)
    with pytest.raises(t.UsageError, match="the value 8 for no hole; name one"):
        s.freeze(value=8)


def test_a_decision_frozen_once_is_frozen_wherever_it_stands() -> None:
    s = t.create_schedule(_matmul())
    tile = t.hole("tile", [8, 16], frozen=True)
    s["C"].split("y", tile)
    s["C"].split("x", t.hole("tile", [8, 16]))
    assert [step.holes[0].is_frozen for step in s.trace.steps] == [True, True]
    with s.record("more"):
        s["C"].split("k", tile)
    opened = s.unfreeze("tile").fill({"tile": 16})
    assert "frozen" not in opened.trace.to_json()
    assert str(opened.mod).count("range(16)") == 3


@pytest.mark.parametrize("frozen", [False, True])
def test_holes_survive_json_and_python(frozen: bool) -> None:
    s = _open().fill({"tile_y": 8})
    if frozen:
        s = s.freeze("tile_y").freeze("tile_x")
    for again in (t.replay(_matmul(), s.trace.to_json()), t.create_schedule(_matmul())):
        if not again.trace.lines:
            again.apply_python(s.trace.to_python())
        assert again.trace.to_python() == s.trace.to_python()
        assert again.trace.to_json() == s.trace.to_json()
        assert again.holes == s.holes
        assert equal(again.mod, s.mod)
    split = json.loads(s.trace.to_json())["steps"][0]
    assert split == {
        "step": "split", "block": "C", "loop": "y", "factors": [None, 8],
        "holes": [{
            "at": ["factors", 1], "name": "tile_y", "options": [4, 8, 16, 32],
            **({"frozen": True} if frozen else {}),
        }],
    }  # fmt: skip


def test_the_default_is_the_first_legal_option() -> None:
    s = t.create_schedule(_matmul())
    s["C"].vectorize(t.hole("lanes", ["k", "x"]))
    assert s.holes["lanes"].value == "x"
    with pytest.raises(t.ScheduleError, match="both add to"):
        s.fill({"lanes": "k"})
    with pytest.raises(t.ScheduleError, match="both add to"):
        s["C"].parallel(t.hole("shared", ["k"]))
    assert list(s.holes) == ["lanes"]


def test_one_name_is_one_decision() -> None:
    s = t.create_schedule(_matmul())
    tile = t.hole("tile", [8, 16])
    s["C"].tile("y", "x", tile, tile)
    assert s.trace.lines[0].endswith(
        's["C"].tile("y", "x", t.hole("tile", [8, 16], 8), t.hole("tile", [8, 16], 8))'
    )
    s["C"].split("k", tile)
    filled = s.fill({"tile": 16})
    assert [str(loop) for loop in filled["C"].loops] == ["yo", "xo", "yi", "xi", "ko", "ki"]
    assert str(filled.mod).count("range(16)") == 3
    with pytest.raises(t.UsageError, match="two holes have the name 'tile'"):
        s["C"].split("ki", t.hole("tile", [2, 4]))
    with pytest.raises(t.UsageError, match="two holes have the name 'tile'"):
        s["C"].split("ki", t.hole("tile", [8, 16], 16))


def test_two_loops_may_share_a_tile() -> None:
    s = t.create_schedule(_matmul())
    for loop in ("y", "x"):
        s["C"].split(loop, factors=t.sample_perfect_tile(loop, 2, name="square"))
    assert [hole.value for hole in s.holes.values()] == [(8, 8)]
    filled = s.fill({"square": (4, 16)})
    again = t.create_schedule(_matmul())
    again.apply_python(filled.trace.to_python())
    assert [str(x) for x in again["C"].loops] == ["yo", "yi", "xo", "xi", "k"]
    assert equal(again.mod, filled.mod)


def test_an_open_step_and_a_plain_one_lead_to_different_states() -> None:
    s = t.create_schedule(_matmul())
    s["C"].split("y", 4)
    s.undo()
    s["C"].split("y", t.hole("tile_y", [4, 8]))
    assert list(s.holes) == ["tile_y"]
    s.undo()
    s["C"].split("y", 4)
    assert not s.holes
    assert "hole" not in str(s.trace)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: t.hole("a", []), "list of integers"),
        (lambda: t.hole("a", 3), "list of integers"),  # type: ignore[arg-type]
        (lambda: t.hole("a", [1, "x"]), "list of integers"),
        (lambda: t.hole("a", [True, False]), "list of integers"),
        (lambda: t.hole("a", [1.5]), "list of integers"),  # type: ignore[list-item]
        (lambda: t.hole("a", [4, 4]), "option 4 twice"),
        (lambda: t.hole("", [4]), "name ''"),
        (lambda: t.hole("a b", [4]), "name 'a b'"),
        (lambda: t.hole("a", [4, 8], 5), "not among its 2 options 4, 8"),
        (lambda: t.sample_perfect_tile("y", 1), "parts=1"),
        (lambda: t.sample_perfect_tile("y", 10**9), "from 2 to 16"),
        (lambda: t.sample_perfect_tile("y", 2, max_innermost=0), "max_innermost=0"),
        (lambda: t.sample_perfect_tile(3, 2), "loop 3"),
    ],
)
def test_no_such_hole(make: Any, words: str) -> None:
    with pytest.raises(t.UsageError, match=words):
        make()


def test_a_hole_that_does_not_fit_its_step_is_refused() -> None:
    s = t.create_schedule(_matmul())
    with pytest.raises(t.ScheduleError, match="is not a loop's name"):
        s["C"].vectorize(t.hole("lanes", [4, 8]))
    with pytest.raises(t.ScheduleError, match="'z', which block C does not have; its loops are y"):
        s["C"].split("y", factors=t.sample_perfect_tile("z", 2))
    with pytest.raises(t.UsageError, match="not among its"):
        s["C"].split("y", factors=t.sample_perfect_tile("y", 2, [3, 5]))
    large = t.create_schedule(_matmul(1024))
    with pytest.raises(t.UsageError, match="more than 100000 ways"):
        large["C"].split("y", factors=t.sample_perfect_tile("y", 16))
    assert not s.trace.lines


def test_filling_what_is_not_there() -> None:
    s = _open()
    with pytest.raises(t.UsageError, match="no hole 'z'; its holes are tile_y, tile_x, threads"):
        s.fill({"z": 1})
    with pytest.raises(t.UsageError, match="was given 5, which is not among its 4 options"):
        s.fill({"tile_y": 5})
    with pytest.raises(t.UsageError, match="no hole 'z'"):
        s.plain("z")
    with pytest.raises(t.UsageError, match="it has none"):
        t.create_schedule(_matmul()).fill({"z": 1})


SPLIT = {"step": "split", "block": "C", "loop": "y", "factors": [None, 8]}


@pytest.mark.parametrize(
    ("holes", "words"),
    [
        ([], "list of at least one"),
        ({"at": 1}, "list of at least one"),
        ([{"name": "a", "options": [8]}], "is at None"),
        ([{"at": ["block", None], "name": "a", "options": [8]}], "at a field"),
        ([{"at": ["factors", 7], "name": "a", "options": [8]}], "no item 7"),
        ([{"at": ["factors", True], "name": "a", "options": [8]}], "no item True"),
        ([{"at": ["factors", 1], "name": "a", "options": [4]}], "given 8, which is not among"),
        ([{"at": ["factors", 0], "name": "a", "options": [8]}], "given None, which is not among"),
        ([{"at": ["factors", 1], "name": "a"}], "fields name"),
        ([{"at": ["factors", 1], "name": "a", "options": [8], "frozen": 1}], "fields name"),
        ([{"at": ["factors", 1], "name": "a", "options": [8], "frozen": False}], "fields name"),
        ([{"at": ["factors", 1], "name": "a", "options": [8], "run": "x"}], "fields name"),
        (
            [
                {
                    "at": ["factors", None], "name": "a", "loop": "y", "extent": "64",
                    "parts": 2, "max_innermost": 64,
                }
            ],
            "tiles '64' iterations",
        ),
    ],
)  # fmt: skip
def test_holes_of_a_trace_that_make_no_sense(holes: Any, words: str) -> None:
    with pytest.raises(t.TraceError, match=words) as caught:
        step_from_json({**SPLIT, "holes": holes})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        's["C"].split("y", t.burrow("a", [4]))',
        's["C"].split("y", t.hole("a"))',
        's["C"].split("y", t.hole("a", [4], depth=3))',
        's["C"].split("y", t.hole("a", [4, 4]))',
        's["C"].split("y", open("a"))',
    ],
)
def test_python_that_makes_no_hole(line: str) -> None:
    s = t.create_schedule(_matmul())
    with pytest.raises(t.TraceError, match="line 1"):
        s.apply_python(line)


@pytest.mark.parametrize("extent", [1, 2, 12, 64, 97, 360])
def test_factorisations_are_counted_without_being_made(extent: int) -> None:
    for parts in (1, 2, 3, 4):
        every = factorisations(extent, parts)
        assert every == sorted(set(every))
        assert len(every) == count_factorisations(extent, parts)
        assert all(prod(factors) == extent for factors in every)
