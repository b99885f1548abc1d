"""What a cost model makes of the loops of the program shown, and when it is asked again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.view.fake_engine import FakeEngine
from tests.view.product import product
from tvmlab.view import program_contributions
from tvmlab.view.lab import LabView


def shown(view: LabView) -> Any:
    return view.snapshot()["program"]


def test_features_alone_are_told_where_nothing_was_tuned(view: LabView) -> None:
    assert shown(view)["contributions"]["status"] == "idle"
    view.do({"intent": "contributions"})
    assert shown(view)["contributions"]["parts"] == []  # of no use to other overlays
    view.do({"intent": "overlay", "kind": "model"})
    told = shown(view)["contributions"]
    assert (told["status"], told["total"], shown(view)["marks"]) == ("ready", "", [])
    assert "tune this expression first" in told["model"]
    assert {part["weight"] for part in told["parts"]} == {None}
    lengths = {
        part["loops"][0]["loop"]: (part["value"], part["unit"])
        for part in told["parts"]
        if part["words"] == "length"
    }
    assert lengths == dict.fromkeys("yxk", ("1,024", "iterations"))


def test_a_model_is_asked_again_when_program_or_run_moved_on(
    view: LabView, engine: FakeEngine
) -> None:
    view.do({"intent": "overlay", "kind": "model"})
    view.do({"intent": "tune_start", "trials": 4})
    assert engine.run is not None
    view.do({"intent": "contributions"})  # nothing is measured yet
    assert shown(view)["marks"] == []
    assert not shown(view)["contributions"]["is_stale"]
    engine.run.add(0.01)
    assert shown(view)["contributions"]["is_stale"]
    view.do({"intent": "contributions"})
    program = shown(view)
    assert program["contributions"]["model"] == (
        "xgboost-rank fitted to the loops of 1 trial of run 7; the run's own saw other features."
    )
    marked = [program["lines"][mark["line"]]["loop"]["loop"] for mark in program["marks"]]
    assert (marked, [mark["text"] for mark in program["marks"]]) == (["y", "x"], ["+0.25", "−0.50"])
    engine.run.stop()
    assert shown(view)["contributions"]["is_stale"]
    view.do({"intent": "contributions"})
    assert not shown(view)["contributions"]["is_stale"]
    view.do({"intent": "apply", "line": 's["C"].parallel("y")'})
    program = shown(view)
    assert (program["contributions"]["is_stale"], program["marks"]) == (True, [])
    view.do({"intent": "undo"})
    assert shown(view)["marks"]


def test_an_earlier_run_of_the_same_expression_is_learnt_from(
    monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, tmp_path: Any
) -> None:
    monkeypatch.setattr(program_contributions, "FEW", 4)
    view = LabView(product(64), engine, folder=tmp_path)
    view.do({"intent": "overlay", "kind": "model"})
    view.do({"intent": "contributions"})
    assert (
        "4 trials of run 3, which itself went by no model" in shown(view)["contributions"]["model"]
    )


def test_each_line_tells_which_step_wrote_it(view: LabView) -> None:
    assert {line["step"] for line in shown(view)["lines"]} == {0}
    view.do({"intent": "apply", "line": 's["C"].split("y", factors=[None, 8])'})
    view.do({"intent": "apply", "line": 's["C"].parallel("yo")'})
    by_loop = {x["loop"]["loop"]: x["step"] for x in shown(view)["lines"] if x["loop"] is not None}
    assert by_loop == {"yo": 2, "yi": 1, "x": 0, "k": 0}
    view.do({"intent": "undo"})
    assert {line["step"] for line in shown(view)["lines"]} == {0, 1}
