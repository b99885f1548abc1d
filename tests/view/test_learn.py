"""Exercises and guesses in the lab: opened, begun, hinted at, judged, and remembered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.view.fake_engine import FakeEngine
from tvmlab.learn import exercise, exercise_names
from tvmlab.measure.outcome import Outcome
from tvmlab.schedule import State
from tvmlab.view import LabView


@pytest.fixture
def view(engine: FakeEngine, tmp_path: Path) -> LabView:
    return LabView(exercise("mend").naive, engine, folder=tmp_path)


def learn(view: LabView, intent: str, **more: Any) -> Any:
    answer: Any = view.do({"intent": intent, **more})
    return answer["learn"] if answer["kind"] == "snapshot" else answer


def test_the_list_has_every_exercise_and_says_what_was_reached(view: LabView) -> None:
    shown = view.snapshot()["learn"]
    assert [entry["name"] for entry in shown["exercises"]] == list(exercise_names())
    assert {entry["status"] for entry in shown["exercises"]} == {"new"}
    assert shown["task"] is None
    assert json.loads(json.dumps(shown)) == shown


def test_one_of_the_labs_own_expression_is_begun_mended_and_passed(
    view: LabView, tmp_path: Path
) -> None:
    task = learn(view, "open_exercise", name="mend")["task"]
    assert task["is_here"]
    assert "iterations k=0 and k=1" in task["refused"]
    assert view.state.depth == 0, "opening one to read changes nothing"
    hints = [learn(view, "next_hint")["task"]["hints_left"] for _ in range(4)]
    assert hints == [2, 1, 0, 0]
    learn(view, "begin_exercise")
    assert view.state.depth == 2
    tried = learn(view, "check_exercise")
    assert not tried["grade"]["is_passed"]
    assert tried["exercises"][0]["status"] == "tried"
    view.do({"intent": "apply", "line": 's["C"].vectorize("xi")'})
    assert not view.snapshot()["learn"]["grade"]["is_current"]  # type: ignore[index]
    passed = learn(view, "check_exercise")
    assert passed["grade"]["is_passed"]
    assert passed["exercises"][0]["status"] == "passed"
    again = LabView(exercise("mend").naive, FakeEngine(), folder=tmp_path).snapshot()["learn"]
    assert (again["exercises"][0]["status"], again["exercises"][0]["reached"]) == ("passed", 10)
    assert again["task"] is None


def test_one_of_another_expression_is_read_here_and_done_elsewhere(view: LabView) -> None:
    task = learn(view, "open_exercise", name="tiles")["task"]
    assert not task["is_here"]
    assert task["code"] == 't.Lab.exercise("tiles")'
    for intent in ("begin_exercise", "check_exercise"):
        refused = learn(view, intent)
        assert refused["kind"] == "refusal"
        assert "another expression" in refused["why"]
    assert view.snapshot()["learn"]["refusal"] is not None
    assert learn(view, "close_exercise")["task"] is None
    assert learn(view, "next_hint")["kind"] == "refusal"


def test_a_guess_is_handed_in_anywhere_with_its_confidence(view: LabView) -> None:
    learn(view, "open_exercise", name="which_bound")
    assert learn(view, "check_exercise")["kind"] == "refusal"
    assert learn(view, "check_exercise", choice="memory", confidence=3)["kind"] == "refusal"
    done = learn(view, "check_exercise", choice="memory", confidence=1.0)
    assert done["grade"]["points"] == 5
    assert done["grade"]["is_current"]
    learn(view, "open_exercise", name="better_model")
    model = {"features": "knob", "model": "random"}
    assert not learn(view, "check_exercise", **model)["grade"]["is_passed"]


def test_the_bound_is_guessed_then_revealed(view: LabView) -> None:
    asked = view.snapshot()["learn"]["guess"]["questions"]
    assert [question["name"] for question in asked] == ["bound"], "there is no step to compare"
    guess = {"question": "bound", "confidence": 0.8}
    shown = learn(view, "reveal", choice="memory", **guess)["guess"]
    assert shown["verdict"] == "right"
    assert "0.5 a byte" in shown["words"] or "a byte" in shown["words"]
    shown = learn(view, "reveal", choice="arithmetic", **guess)["guess"]
    assert shown["verdict"] == "wrong"
    assert shown["calibration"].startswith("1 of 2 right, 80 % sure on average: surer than right")
    assert "0.34" in shown["calibration"]
    assert learn(view, "reveal", choice="cats", **guess)["kind"] == "refusal"


@pytest.mark.parametrize(
    ("after_s", "choice", "verdict"),
    [(0.005, "faster", "right"), (0.005, "slower", "wrong"), (0.01, "faster", "open")],
)
def test_the_speed_of_the_last_step_is_guessed_then_measured(
    view: LabView, engine: FakeEngine, after_s: float, choice: str, verdict: str
) -> None:
    def outcomes(state: State) -> Outcome:
        seconds = after_s if state.depth else 0.01
        return Outcome("ok", "time", times_s=(seconds,) * 3, verified=True)

    engine.outcomes = outcomes  # type: ignore[method-assign]
    view.do({"intent": "apply", "line": 's["C"].split("x", 16)'})
    asked = view.snapshot()["learn"]["guess"]["questions"][0]
    assert 'before its last step, xo, xi = s["C"].split' in asked["asked"]
    shown = learn(view, "reveal", question="speed", choice=choice, confidence=0.9)["guess"]
    assert shown["verdict"] == verdict
    assert bool(shown["calibration"]) == (verdict != "open"), "that does not count"


def test_what_cannot_be_read_of_earlier_sessions_is_left_aside(tmp_path: Path) -> None:
    for text in ("", "[]", '{"points": 3, "guesses": [[7, true], "x"]}', '{"passed": null}'):
        (tmp_path / "learn.json").write_text(text)
        shown = LabView(exercise("mend").naive, FakeEngine(), folder=tmp_path).snapshot()["learn"]
        assert shown["guess"]["calibration"] == ""
