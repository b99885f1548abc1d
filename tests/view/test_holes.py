"""Decisions in the lab: shown where they stand first, given another option, frozen and opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tvmlab as t
from tests.view.fake_engine import FakeEngine
from tests.view.product import product
from tvmlab.view import LabView

ROWS = 't.hole("rows", [4, 8, 16])'
LANES = 't.hole("lanes", ["k", "xi"], "xi")'


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    view = LabView(product(), FakeEngine(), folder=tmp_path)
    for line in (
        f'yo, xo, yi, xi = s["C"].tile("y", "x", {ROWS}, {ROWS})',
        f's["C"].split("k", {ROWS})',
        f's["C"].vectorize({LANES})',
    ):
        view.do({"intent": "apply", "line": line})
    return view


def lines(snapshot: Any) -> Any:
    return snapshot["trace"]["lines"]


def test_a_decision_is_shown_once_with_its_options(view: LabView) -> None:
    first, second, third = lines(view.snapshot())
    rows = {"name": "rows", "value": "4", "options": ["4", "8", "16"]}
    assert first["holes"] == [{**rows, "unlisted": 0, "is_frozen": False}]
    assert second["holes"] == []
    assert third["holes"][0]["options"] == ['"k"', '"xi"']


def test_another_option_is_taken_wherever_the_hole_stands(view: LabView) -> None:
    after: Any = view.do({"intent": "decide", "name": "rows", "option": "16"})
    assert sum("range(16)" in line["text"] for line in after["program"]["lines"]) == 2
    assert lines(after)[0]["holes"][0]["value"] == "16"


def test_frozen_and_open_again(view: LabView) -> None:
    frozen: Any = view.do({"intent": "decide", "name": "rows", "option": "8", "frozen": True})
    assert 't.hole("rows", [4, 8, 16], 8, frozen=True)' in lines(frozen)[0]["text"]
    hole = lines(frozen)[0]["holes"][0]
    assert (hole["value"], hole["is_frozen"]) == ("8", True)
    assert view.state.steps == t.Schedule(view.state).freeze("rows").state.steps
    other: Any = view.do({"intent": "decide", "name": "rows", "option": "4"})
    assert lines(other)[0]["holes"][0]["is_frozen"], "another option, frozen as it was"
    opened: Any = view.do({"intent": "decide", "name": "rows", "frozen": False})
    assert "frozen" not in opened["trace"]["python"]


def test_what_was_undone_is_kept(view: LabView) -> None:
    view.do({"intent": "undo"})
    after: Any = view.do({"intent": "decide", "name": "rows", "option": "8"})
    assert (after["trace"]["position"], len(lines(after))) == (2, 3)
    again: Any = view.do({"intent": "redo"})
    assert any("vectorized(8)" in line["text"] for line in again["program"]["lines"])


def test_an_option_that_a_later_step_forbids_is_refused_there(view: LabView) -> None:
    before = view.state
    refused: Any = view.do({"intent": "decide", "name": "lanes", "option": '"k"'})
    assert (refused["kind"], refused["place"]) == ("refusal", "trace")
    assert view.state is before
    assert view.snapshot()["trace"]["refused_line"] == 2


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        ({"name": "depth", "frozen": True}, "no hole 'depth'"),
        ({"name": "rows", "option": "5"}, "has no option 5; choose one of its 3"),
        ({"name": "rows", "option": 8}, "needs the text 'option'"),
        ({"frozen": True}, "needs the text 'name'"),
    ],
)
def test_what_makes_no_sense_is_told(view: LabView, intent: Any, words: str) -> None:
    refused: Any = view.do({"intent": "decide", **intent})
    assert words in refused["why"] + "; " + refused["instead"]


def test_a_long_list_is_cut_and_says_so(tmp_path: Path) -> None:
    view = LabView(product(), FakeEngine(), folder=tmp_path)
    line = 's["C"].split("y", factors=t.sample_perfect_tile("y", 4, [64, 4, 2, 2]))'
    after: Any = view.do({"intent": "apply", "line": line})
    [hole] = lines(after)[0]["holes"]
    assert hole["value"] in hole["options"]
    assert len(hole["options"]) == 201, "what it holds, and the first 200"
    assert hole["unlisted"] == len(view.state.step.holes[0].options) - 201 > 0
