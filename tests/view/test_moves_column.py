"""The figures beside moves: told by themselves, measured on request, and never of another state."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.patience import eventually
from tests.view.fake_engine import FakeEngine
from tests.view.product import product
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.schedule import State
from tvmlab.view import LabView

PARALLEL = 's["C"].parallel("y")'
STEADY = tuple(0.010 + n * 1e-6 for n in range(9))


@pytest.fixture
def view(engine: FakeEngine, tmp_path: Path) -> LabView:
    view = LabView(product(), engine, folder=tmp_path)
    view.do({"intent": "select", "block": "C", "loop": "y"})
    return view


def column(view: LabView) -> Any:
    return view.snapshot()["moves"]["column"]


def lines(view: LabView) -> list[str]:
    return [move["line"] for step in view.snapshot()["moves"]["steps"] for move in step["moves"]]


def begun(view: LabView, **intent: object) -> threading.Thread:
    thread = threading.Thread(target=view.do, args=(intent,))
    thread.start()
    return thread


def test_every_move_is_told_against_the_state_shown(view: LabView) -> None:
    assert column(view)["told"] == "none"
    view.do({"intent": "predict"})
    found = column(view)
    assert found["told"] == "all"
    assert list(found["predictions"]) == lines(view)
    best = found["predictions"][PARALLEL]
    assert best["ratio"] == pytest.approx(0.5)
    assert best["low"] < 0.5 < best["high"]
    assert found["now_low_s"] < found["now_s"] == 0.02 < found["now_high_s"]


def test_what_cannot_be_told_is_said_so_and_not_asked_again(
    view: LabView, engine: FakeEngine
) -> None:
    view.do({"intent": "apply", "line": 'yo, yi = s["C"].split("y", 8)'})
    view.do({"intent": "select", "block": "C", "loop": "yi"})
    view.do({"intent": "predict"})
    found = column(view)
    assert found["told"] == "all"
    assert found["predictions"]['s["C"].unroll("yi")'] is None
    asked = len(engine.told)
    view.do({"intent": "predict"})
    assert len(engine.told) == asked
    view.do({"intent": "apply", "line": 's["C"].unroll("yi")'})
    view.do({"intent": "select", "block": "C", "loop": "x"})
    view.do({"intent": "predict"})
    assert "nothing can be told" in column(view)["reason"]
    told = [p for p in column(view)["predictions"].values() if p is not None]
    assert all(p["time_s"] > 0 and p["ratio"] == p["low"] == p["high"] == 0 for p in told)


def test_a_newer_selection_ends_the_telling(view: LabView, engine: FakeEngine) -> None:
    engine.gate.clear()
    thread = begun(view, intent="predict")
    eventually(lambda: column(view)["told"] == "working")
    view.do({"intent": "select", "block": "C", "loop": "k"})
    assert column(view)["told"] == "none"
    engine.gate.set()
    thread.join()
    assert len(engine.told) <= 2
    view.do({"intent": "predict"})
    assert column(view)["told"] == "all"


def test_moves_are_measured_in_order_with_verdicts(
    view: LabView, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcomes(state: State) -> Outcome:
        if "reorder" in state.line:
            return failure("wrong_answer", "compare", "it differs")
        factor = 0.5 if "parallel" in state.line else 1.0
        return Outcome("ok", "time", times_s=tuple(t * factor for t in STEADY), verified=True)

    monkeypatch.setattr(engine, "outcomes", outcomes)
    wanted = [PARALLEL, *[line for line in lines(view) if line != PARALLEL]]
    view.do({"intent": "measure_moves", "lines": [*wanted, "no such line"]})
    found = column(view)
    assert list(found["timed"]) == lines(view)
    assert found["stage"] == ""
    assert [s.line for s in engine.measured if s.depth][: len(wanted)] == wanted
    assert found["timed"][PARALLEL]["verdict"] == "faster"
    assert found["timed"][PARALLEL]["ratio"] == pytest.approx(0.5)
    same = next(line for line in wanted if "split" in line)
    assert found["timed"][same]["verdict"] == "can't tell"
    failed = [line for line in wanted if "reorder" in line]
    assert all("it differs" in found["timed"][line]["reason"] for line in failed)
    # The state shown is measured first, and now and then again.
    assert 1 < sum(s.depth == 0 for s in engine.measured) < len(wanted) / 4
    view.do({"intent": "apply", "line": PARALLEL})
    assert column(view)["timed"] == {}
    view.do({"intent": "undo"})
    view.do({"intent": "select", "block": "C", "loop": "y"})
    assert column(view)["timed"] == found["timed"]


def test_measuring_moves_stops_when_asked_and_when_another_loop_is_looked_at(
    view: LabView, engine: FakeEngine
) -> None:
    for intent in ({"intent": "stop_moves"}, {"intent": "select", "block": "C", "loop": "x"}):
        engine.measured.clear()
        engine.gate.clear()
        thread = begun(view, intent="measure_moves", lines=lines(view))
        eventually(lambda: column(view)["stage"] != "")
        view.do(intent)
        thread.join()
        assert engine.measured == []
        engine.gate.set()
        assert column(view)["stage"] == ""


def test_lines_that_are_no_texts_are_refused(view: LabView) -> None:
    answer: Any = view.do({"intent": "measure_moves", "lines": "all"})
    assert answer["kind"] == "refusal"
    assert "list of texts" in answer["why"]
