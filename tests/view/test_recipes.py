"""Recipes of users and steps with holes in the lab: lines of the schedule like any others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tvmlab as t
from tests.view.fake_engine import FakeEngine
from tests.view.product import product
from tvmlab.view import LabView


def test_a_recipe_is_one_line_that_undo_takes_back_whole(tmp_path: Path) -> None:
    s = t.create_schedule(product())
    with s.record("two levels"):
        loops = s["C"].tile("y", "x", 16, 16)
        s["C"].vectorize(loops[-1])
    view = LabView(s.state, FakeEngine(), folder=tmp_path)
    trace: Any = view.snapshot()["trace"]
    (line,) = trace["lines"]
    assert line["recipe"] == "two levels"
    assert line["text"].startswith('s.recipe("two levels", ')
    undone: Any = view.do({"intent": "undo"})
    assert undone["trace"]["position"] == 0
    again: Any = view.do({"intent": "redo"})
    assert again["trace"]["position"] == 1
    edited: Any = view.do({"intent": "edit", "index": 0, "line": line["text"].replace("16", "32")})
    assert edited["trace"]["lines"][0]["text"].count("32") == 2
    assert any("range(32)" in x["text"] for x in edited["program"]["lines"])


def test_a_step_with_a_hole_is_a_line_that_can_be_edited(tmp_path: Path) -> None:
    view = LabView(product(), FakeEngine(), folder=tmp_path)
    applied: Any = view.do(
        {"intent": "apply", "line": 's["C"].split("y", t.hole("tile_y", [4, 8, 16]))'}
    )
    (line,) = applied["trace"]["lines"]
    assert line["text"] == 'yo, yi = s["C"].split("y", t.hole("tile_y", [4, 8, 16], 4))'
    edited: Any = view.do(
        {"intent": "edit", "index": 0, "line": line["text"].replace("], 4", "], 8")}
    )
    assert any("for yi in range(8)" in x["text"] for x in edited["program"]["lines"])
