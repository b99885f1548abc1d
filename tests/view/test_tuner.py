"""The tuner's part of a lab: deltas, runs side by side, and trials looked at closely."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import tvmlab as t
from tests.patience import eventually
from tests.view.fake_engine import FakeEngine, FakeRun
from tests.view.product import product
from tvmlab.analysis.work import Work
from tvmlab.tune.database import Database
from tvmlab.tune.logs import Told, write_log
from tvmlab.view.choice_codes import ChoiceCodes, letters
from tvmlab.view.engine import Trial
from tvmlab.view.inspection import diff_lines
from tvmlab.view.lab import LabView
from tvmlab.view.machine import Machine
from tvmlab.view.record_file import RecordFile
from tvmlab.view.recorded_run import runs_in
from tvmlab.view.track import Track
from tvmlab.view.trials import IDLE_S, Elapsed
from tvmlab.view.tuning_news import Sent

TILE: dict[str, object] = {"step": "parallel", "block": "C", "loop": "y"}


@pytest.fixture
def view(engine: FakeEngine, tmp_path: Path) -> LabView:
    return LabView(product(64), engine, folder=tmp_path)


def started(view: LabView, engine: FakeEngine, *times_s: float | None) -> FakeRun:
    view.do({"intent": "tune_start", "trials": 8})
    assert engine.run is not None
    for time_s in times_s:
        engine.run.add(time_s, TILE, status="ok" if time_s else "timeout")
    return engine.run


def tuner(view: LabView) -> Any:
    return view.snapshot()["tuner"]


def test_each_point_label_and_batch_is_told_once(view: LabView, engine: FakeEngine) -> None:
    run, sent = started(view, engine, 0.01, None), Sent()
    (first,) = view.tuning_news(sent)
    assert first["names"] == ["tile", "order"]
    assert first["labels"] == [(0, "0"), (1, "k, x"), (0, "1")]
    assert first["points"] == [
        (0, 200.0, 181.8, 222.2, None, "ok", 0.0, "aa"),
        (1, None, None, None, None, "timeout", 2.0, "ba"),
    ]
    assert view.tuning_news(sent) == []
    run.add(0.005)
    run.add(0.02)
    points, model = view.tuning_news(sent)
    assert (points["from"], len(points["points"]), points["labels"]) == (2, 2, [(0, "2")])
    # Both were predicted alike, so the choice between them is by lot: (0.005 + 0.02) / 2 / 0.005.
    assert model["batches"] == [(0, 2, 1, None, None, 1, 0.5, 1.5)]
    everything = view.tuning_news(Sent())
    assert len(everything[0]["points"]) == 4


def test_ten_thousand_points_are_short_and_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run, drawn = FakeRun(10_000, lambda: None), random.Random(0)
    for number in range(10_000):
        time_s = drawn.uniform(1e-3, 1.0)
        choices = {f"knob {n}": str(drawn.randrange(40)) for n in range(24)}
        interval = (time_s * 0.987, time_s * 1.012)
        run.done.append(
            Trial(number, "ok", "", time_s, time_s, True, interval, number / 3, choices)
        )
    track = Track(run, Work(2e9, 12e6))
    track.follow()
    assert len(json.dumps(track.points)) <= 100 * len(track.points)
    assert len(track.batches) == 2500
    asked: list[int] = []
    monkeypatch.setattr(run, "trials", lambda start: asked.append(start) or run.done[start:])
    track.follow()
    assert asked == [10_000]


def test_options_are_numbered_as_they_appear() -> None:
    codes = ChoiceCodes()
    assert codes.code({"a": "1", "b": "x"}) == "aa"
    assert codes.code({"b": "y"}) == "-b"
    assert codes.code({"a": "2"}) == "b"
    assert codes.labels == [(0, "1"), (1, "x"), (1, "y"), (0, "2")]
    assert [letters(n) for n in (0, 25, 26, 26**3)] == ["a", "z", "Ba", "BAAa"]


def test_a_run_that_is_over_goes_on(view: LabView, engine: FakeEngine) -> None:
    run = started(view, engine, 0.01, 0.02)
    assert not tuner(view)["can_continue"]
    refused: Any = view.do({"intent": "tune_continue", "trials": 4})
    assert "already" in refused["why"]
    run.stop()
    assert tuner(view)["can_continue"]
    view.do({"intent": "tune_continue", "trials": 4})
    after = tuner(view)
    assert (after["status"], after["trials"], after["done"]) == ("running", 6, 2)
    assert after["live"] == 2
    assert after["device_share"] == 0.8


def test_runs_are_listed_shown_and_hidden(view: LabView, engine: FakeEngine) -> None:
    started(view, engine, 0.01)
    view.do({"intent": "tune_list"})
    view.do({"intent": "tune_list"})
    live, older = tuner(view)["runs"]  # the current one is not listed a second time
    assert (live["is_live"], live["letter"], live["best"]) == (True, "A", "200 GFLOP/s")
    assert (older["title"], older["is_shown"], older["best"]) == (
        "run 3", False, "100 GFLOP/s",
    )  # fmt: skip
    view.do({"intent": "tune_show", "run": older["id"]})
    assert tuner(view)["runs"][1]["letter"] == "B"
    told = {m["run"]: m["points"] for m in view.tuning_news(Sent()) if m["kind"] == "points"}
    assert len(told[older["id"]]) == 4
    view.do({"intent": "tune_hide", "run": older["id"]})
    assert not tuner(view)["runs"][1]["is_shown"]
    view.do({"intent": "tune_inspect", "run": older["id"], "number": 0})
    seen = next(m for m in view.tuning_news(Sent()) if m["kind"] == "inspected")
    assert "is not shown" in seen["reason"]
    missing: Any = view.do({"intent": "tune_load", "path": "/missing"})
    assert (missing["place"], tuner(view)["loading"]) == ("tuner", "")
    assert "no file" in tuner(view)["refusal"]["why"]
    view.do({"intent": "tune_load", "path": "/tmp/other.json"})
    assert [run["is_of_this"] for run in tuner(view)["runs"]] == [True, False, True]


def test_a_trial_is_looked_at_without_changing_the_lab(view: LabView, engine: FakeEngine) -> None:
    started(view, engine, 0.01)
    view.do({"intent": "tune_inspect", "number": 0})
    assert view.state.depth == 0
    sent = Sent()
    seen = next(m for m in view.tuning_news(sent) if m["kind"] == "inspected")
    assert seen["steps"] == ['s["C"].parallel("y")']
    assert [line for sign, line in seen["diff"] if sign == "+"] == ["    for y in parallel(64):"]
    view.do({"intent": "tune_code", "run": 1, "number": 0})
    (seen,) = view.tuning_news(sent)
    assert seen["code"] == "this target has no threads; use another."
    assert engine.run is not None
    engine.run.add(0.02)
    view.do({"intent": "tune_inspect", "number": 1})
    view.do({"intent": "tune_code", "number": 1})
    seen = view.tuning_news(sent)[-1]
    assert seen["code"].startswith("; asm after 0 step")
    view.do({"intent": "tune_inspect", "number": 5})
    (seen,) = view.tuning_news(sent)
    assert (seen["status"], "no trial 5" in seen["reason"]) == ("failed", True)


def test_contributions_are_painted_on_loops(view: LabView, engine: FakeEngine) -> None:
    run, sent = started(view, engine, 0.01), Sent()
    view.do({"intent": "tune_paint"})
    run.explanation = {
        "learnt_from": 1, "trial": 0, "importances": [["tile", "log2", 1.0]],
        "reasons": [["tile", "log2", 0.5, 3.0]],
    }  # fmt: skip
    told = [m for m in view.tuning_news(sent) if m["kind"] == "explained"]
    assert told[0]["reasons"][0]["loops"] == []
    view.do({"intent": "tune_paint"})
    (again,) = view.tuning_news(sent)
    assert again["reasons"][0]["loops"] == [{"block": "C", "loop": "y"}]
    assert view.tuning_news(sent) == []


def test_what_each_loop_of_a_trial_adds_is_told_on_request(
    view: LabView, engine: FakeEngine
) -> None:
    run, sent = started(view, engine, 0.01), Sent()
    view.do({"intent": "tune_inspect", "number": 0})
    (seen,) = (m for m in view.tuning_news(sent) if m["kind"] == "inspected")
    assert (seen["contributions"], seen["marks"]) == (None, [])
    headers = [ref["loop"] for ref in seen["loops"] if ref is not None]
    assert headers == ["y", "x", "k"]
    view.do({"intent": "tune_contributions", "number": 0})
    (seen,) = view.tuning_news(sent)
    told = seen["contributions"]
    assert told["model"] == "xgboost-rank fitted to 1 trial of run 7, as the run itself does."
    assert told["total"] == (
        "+0.10 points (more is faster): +0.10 to start, −0.25 by loops, +0.25 by no loop."
    )
    # A feature of two loops counts at each with a half.
    assert [(mark["text"], mark["share"]) for mark in seen["marks"]] == [
        ("+0.25", 0.5), ("−0.50", -1.0),
    ]  # fmt: skip
    assert "against" in seen["marks"][1]["words"]
    assert told["parts"][0]["steps"] == [1]
    assert (told["parts"][1]["value"], told["parts"][2]["value"]) == ("yes", "no")
    run.done.clear()
    view.do({"intent": "tune_contributions", "number": 0})
    (seen,) = view.tuning_news(sent)
    assert seen["contributions"]["status"] == "failed"
    assert "too few" in seen["contributions"]["reason"]


def test_a_trial_that_a_log_tells_of_has_no_program(view: LabView, engine: FakeEngine) -> None:
    run = started(view, engine, 0.01)
    run.logged = Told([("tile", "8")], ["split(l1)"], "It is code of TVM's.", "{}")
    view.do({"intent": "tune_inspect", "number": 0})
    seen = next(m for m in view.tuning_news(Sent()) if m["kind"] == "inspected")
    assert (seen["status"], seen["reason"]) == ("logged", "It is code of TVM's.")
    assert (seen["facts"], seen["steps"], seen["raw"]) == ([("tile", "8")], ["split(l1)"], "{}")


def test_pauses_are_left_out_of_a_runs_time() -> None:
    elapsed = Elapsed()
    assert [elapsed(at) for at in (100.0, 103.0, 9e6, None)] == [0.0, 3.0, 3 + IDLE_S, 3 + IDLE_S]


def test_a_diff_keeps_both_orders() -> None:
    assert diff_lines(["a", "b", "c"], ["a", "x", "c", "d"]) == [
        (" ", "a"), ("-", "b"), ("+", "x"), (" ", "c"), ("+", "d"),
    ]  # fmt: skip


def test_a_real_run_is_read_back_with_loops_and_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: tuned with a model, listed, looked at, painted, and gone on with."""
    monkeypatch.chdir(tmp_path)
    view = LabView(product(64), Machine(), folder=tmp_path)
    view.do({"intent": "tune_start", "trials": 9})
    eventually(lambda: tuner(view)["status"] == "done")
    assert tuner(view)["done"] == 9, tuner(view)["reason"]
    sent = Sent()
    told = {message["kind"]: message for message in view.tuning_news(sent)}
    assert len(told["model"]["batches"]) == 1
    if "explained" in told:  # unless eight trials were too much alike to learn from
        assert told["explained"]["importances"]
        view.do({"intent": "tune_paint"})
        (painted,) = view.tuning_news(sent)
        loops = [loop for reason in painted["reasons"] for loop in reason["loops"]]
        assert {loop["block"] for loop in loops} >= {"C"}
    (run,) = runs_in(".tvmlab/tuning.db", {})
    assert (run.trials, run.is_of_this) == (9, False)
    best = min(x.time_s for x in run.open().trials(0) if x.time_s)
    assert run.best_s == pytest.approx(best)
    (tmp_path / "tune.json").write_text("{}\nnothing\n")
    with pytest.raises(t.UsageError, match=r"tune\.json holds no run"):
        runs_in("tune.json", {})
    log = tmp_path / "run.tvmlog.jsonl"
    with Database.open(".tvmlab/tuning.db") as database:
        write_log(database, log)
    (kept,) = runs_in(str(log), {})
    assert (kept.trials, kept.best_s) == (9, run.best_s)
    assert kept.open().steps(0) == run.open().steps(0)
    assert kept.open().told(0) is None
    opened = run.open()
    assert opened.contributions(view.state.program).by_loop().keys() == {("C", n) for n in "yxk"}
    assert opened.contributions(0).learnt_from == 9
    dashboard = RecordFile(tmp_path / ".tvmlab" / "tuning.db", "tuning.db")
    features = dashboard.trial(opened.facts.number, 0, with_features=True)["contributions"]
    assert features is not None
    assert (features["status"], bool(features["parts"])) == ("ready", True)
    goes_by = dashboard.explanation(opened.facts.number)
    assert goes_by["model"] == "xgboost-rank fitted to 9 trials of run 1, as the run itself does."
    assert goes_by["importances"]
    assert {x["block"] for reason in goes_by["reasons"] for x in reason["loops"]} >= {"C"}
    view.do({"intent": "tune_continue", "trials": 1})
    eventually(lambda: tuner(view)["status"] == "done")
    assert tuner(view)["done"] == 10, tuner(view)["reason"]
    view.close()
