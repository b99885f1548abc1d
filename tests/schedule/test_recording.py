"""Recipes of users: a function's steps as one step, in the trace and out of it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import tvmlab as t
from tests.fuzz.expressions import random_expression
from tests.fuzz.traces import random_state
from tvmlab.ir import equal
from tvmlab.schedule import Loop, Schedule, State, step_from_json
from tvmlab.schedule.recipe import RecordedRecipe
from tvmlab.te.tensor import Tensor


def _matmul(n: int = 64) -> Tensor:
    a = t.placeholder((n, n), name="A")
    b = t.placeholder((n, n), name="B")
    k = t.reduce_axis((0, n), name="k")
    return t.compute((n, n), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


@t.recipe
def two_levels(s: Schedule, block: str, size: int = 16) -> tuple[Loop, ...]:
    """Tiles whose rows are vectors."""
    loops: tuple[Loop, ...] = s[block].tile("y", "x", size, size)
    s[block].vectorize(loops[-1])
    return loops


@t.recipe
def everything(s: Schedule, block: str) -> None:
    outer = two_levels(s, block, 8)[0]
    s[block].parallel(outer)


@t.recipe
def _half_refused(s: Schedule) -> None:
    s["C"].split("y", 4)
    s["C"].vectorize("k")


LINE = (
    's.recipe("two_levels", \'s["C"].tile("y", "x", 16, 16); s["C"].vectorize("xi")\')'
)  # fmt: skip


def test_a_recipe_is_one_step_with_the_effect_of_its_steps() -> None:
    s = t.create_schedule(_matmul())
    loops = two_levels(s, "C")
    assert [str(x) for x in loops] == ["yo", "xo", "yi", "xi"]
    assert s.trace.lines == (LINE,)
    by_hand = t.create_schedule(_matmul())
    by_hand["C"].tile("y", "x", 16, 16)
    by_hand["C"].vectorize("xi")
    assert equal(s.mod, by_hand.mod)
    s["C"].parallel(loops[0])  # handles made inside go on working
    assert s.undo()
    assert s.undo()
    assert not s.trace.lines
    assert not s.undo()
    assert s.redo()
    assert s.trace.lines == (LINE,)


def test_recipes_within_recipes() -> None:
    s = t.create_schedule(_matmul())
    assert everything(s, "C") is s
    (step,) = s.trace.steps
    assert isinstance(step, RecordedRecipe)
    assert [inner.name for inner in step.steps] == ["two_levels", "parallel"]
    _replays(s)


def _replays(s: Schedule) -> None:
    document = s.trace.to_json()
    again = t.replay(_matmul(), document)
    assert again.trace.to_json() == document
    assert equal(again.mod, s.mod)
    typed = t.create_schedule(_matmul())
    typed.apply_python(s.trace.to_python())
    assert typed.trace.to_json() == document
    executed = t.create_schedule(_matmul())
    exec(s.trace.to_python(), {"s": executed, "t": t})
    assert executed.trace.to_json() == document


def test_recipes_replay_from_json_and_python() -> None:
    s = t.create_schedule(_matmul())
    s["C"].split("k", 4)
    two_levels(s, "C", size=8)
    with s.record('a "quoted" name'):
        s["C"].parallel("yo")
    _replays(s)
    assert json.loads(s.trace.to_json())["steps"][2] == {
        "step": "recipe",
        "name": 'a "quoted" name',
        "steps": [{"step": "parallel", "block": "C", "loop": "yo"}],
    }


@pytest.mark.parametrize("seed", range(40))
def test_any_legal_trace_is_the_same_as_a_recipe(seed: int) -> None:
    rng = random.Random(seed)
    tensor = random_expression(rng)
    state = random_state(State.start(tensor), rng, 8)
    s = t.create_schedule(tensor)
    cut = rng.randint(0, state.depth)
    s.apply_all(state.steps[:cut])
    with s.record("rest"):
        s.apply_all(state.steps[cut:])
    assert len(s.trace) == cut + (cut < state.depth)
    assert equal(s.mod, state.program)
    again = t.replay(tensor, s.trace.to_json())
    typed = t.create_schedule(tensor)
    typed.apply_python(s.trace.to_python())
    for other in (again, typed):
        assert other.trace.steps == s.trace.steps
        assert equal(other.mod, s.mod)


def test_holes_inside_recipes_are_filled_and_frozen() -> None:
    s = t.create_schedule(_matmul())
    with s.record("open"):
        s["C"].split("y", t.hole("tile_y", [4, 8]))
    assert s.holes["tile_y"].value == 4
    filled = s.fill({"tile_y": 8})
    assert "for yi in range(8)" in str(filled)
    _replays(filled)
    closed = filled.plain()
    assert closed.trace.to_python() == 's.recipe("open", \'s["C"].split("y", 8)\')'


def test_nothing_recorded_is_no_step_and_an_error_takes_all_back() -> None:
    s = t.create_schedule(_matmul())
    with s.record("idle"):
        pass
    assert not s.trace.lines
    s["C"].split("k", 4)
    s.undo()
    before = s.state
    with pytest.raises(t.ScheduleError):
        _half_refused(s)
    assert s.state is before
    assert s.redo(), "what could be redone still can"
    with pytest.raises(t.UsageError, match="took back steps from before"), s.record("back"):
        s.undo()
    assert len(s.trace) == 1
    with pytest.raises(t.UsageError, match="the name ''"), s.record(""):
        s["C"].parallel("y")
    assert len(s.trace) == 1


def test_a_refusal_names_the_recipe_and_the_step_within() -> None:
    s = t.create_schedule(_matmul())
    s["C"].parallel("x")
    with pytest.raises(t.ScheduleError) as caught:
        s.recipe("mine", 's["C"].parallel("y"); s["C"].split("x", 4)')
    assert "parallel loops do not nest" in caught.value.refusal.why
    recipe = step_from_json({"step": "recipe", "name": "mine", "steps": [_split("y"), _split("x")]})
    refusal = recipe.check(s.mod)
    assert refusal is not None
    assert refusal.asked.startswith('s.recipe("mine", ')
    assert refusal.why.startswith("its split: the loop is already parallel")
    assert len(s.trace) == 1


def _split(loop: str) -> dict[str, Any]:
    return {"step": "split", "block": "C", "loop": loop, "factors": [None, 4]}


def _nested(levels: int) -> dict[str, Any]:
    data = _split("y")
    for _ in range(levels):
        data = {"step": "recipe", "name": "r", "steps": [data]}
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"step": "recipe", "name": "r"}, "and a list of 'steps'"),
        ({"step": "recipe", "name": "r", "steps": {}}, "and a list of 'steps'"),
        ({"step": "recipe", "name": "r", "steps": [_split("y")], "code": "x"}, "nothing else"),
        ({"step": "recipe", "name": "r", "steps": []}, "has no steps"),
        ({"step": "recipe", "name": "\n", "steps": [_split("y")]}, "a line of text"),
        ({"step": "recipe", "name": 3, "steps": [_split("y")]}, "a line of text"),
        ({"step": "recipe", "name": "r", "steps": [{"step": "run"}]}, "unknown step 'run'"),
        (_nested(40), "recipes within recipes, more than 16 deep"),
    ],
)
def test_a_recipe_in_a_trace_that_makes_no_sense(data: Any, words: str) -> None:
    with pytest.raises(t.TraceError, match=words) as caught:
        step_from_json(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        's.recipe("r")',
        's.recipe("r", "")',
        's.recipe("r", text="x")',
        's.recipe("r", 3)',
        's.recipe("r", "import os")',
        's.recipe("r", open("x"))',
    ],
)
def test_python_that_is_no_recipe(line: str) -> None:
    s = t.create_schedule(_matmul())
    with pytest.raises(t.TraceError):
        s.apply_python(line)
    assert not s.trace.lines


def test_a_recipe_is_called_on_a_schedule() -> None:
    with pytest.raises(t.UsageError, match="two_levels was called on str"):
        two_levels("C")
    assert two_levels.__doc__ == "Tiles whose rows are vectors."
