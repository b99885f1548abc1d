"""The door: intents in, snapshots and refusals out, whatever is asked and in whatever order."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.view.fake_engine import FakeEngine
from tests.view.product import TILE, product
from tvmlab.measure.outcome import failure
from tvmlab.schedule.step import GROUPS
from tvmlab.view import LabView
from tvmlab.view.parts import PARTS
from tvmlab.view.text import snapshot_text


def lines(snapshot: Any) -> list[str]:
    return [line["text"].strip() for line in snapshot["program"]["lines"]]


def test_snapshot_is_json_and_names_every_loop(view: LabView) -> None:
    snapshot = view.snapshot()
    assert json.loads(json.dumps(snapshot))["program"]["title"] == "C"
    loops = [line["loop"]["loop"] for line in snapshot["program"]["lines"] if line["loop"]]
    assert loops == ["y", "x", "k"]
    assert snapshot["program"]["subtitle"] == "float32[1024, 1024] · 2 GFLOP · 12 MB"
    for line in snapshot["program"]["lines"]:
        for start, end, kind in line["tokens"]:
            assert line["text"][start:end].strip()
            assert kind


def test_apply_shows_what_changed_and_keeps_the_identity_of_the_rest(view: LabView) -> None:
    before = {line["text"].strip(): line["id"] for line in view.snapshot()["program"]["lines"]}
    after: Any = view.do({"intent": "apply", "line": TILE})
    new = [after["program"]["lines"][n]["text"].strip() for n in after["program"]["new"]]
    assert "for yo in range(32):" in new
    assert "for k in range(1024):" not in new
    assert [gone["text"].strip() for gone in after["program"]["gone"]] == [
        "for y in range(1024):",
        "for x in range(1024):",
        'with block("C", vy=y, vx=x, vk=reduce(k)):',
    ]
    ids = {line["text"].strip(): line["id"] for line in after["program"]["lines"]}
    assert ids["with init():"] == before["with init():"]
    assert len(set(ids.values())) == len(after["program"]["lines"])


def test_moves_offer_lines_that_apply_as_they_stand(view: LabView) -> None:
    snapshot: Any = view.do({"intent": "select", "block": "C", "loop": "y"})
    steps = {step["step"]: step for step in snapshot["moves"]["steps"]}
    assert list(steps)[:3] == ["split", "fuse", "reorder"]
    places = [GROUPS.index(step["group"]) for step in steps.values()]
    assert places == sorted(places), "the steps of a group stand side by side"
    assert "tile" in steps
    assert "compute_at" not in steps  # there is no second block to compute at
    for step in steps.values():
        for move in step["moves"]:
            by_form: Any = view.do({"intent": "apply", "step": step["step"], **move})
            assert by_form["trace"]["lines"][-1]["text"] == move["line"]
            view.do({"intent": "undo"})
            by_line: Any = view.do({"intent": "apply", "line": move["line"]})
            assert lines(by_line) == lines(by_form)
            view.do({"intent": "undo"})
    assert steps["vectorize"]["moves"] == []
    assert "lanes" in steps["vectorize"]["refusal"]["why"]


def test_a_form_has_a_field_for_every_loop_but_the_selection(view: LabView) -> None:
    snapshot: Any = view.do({"intent": "select", "block": "C", "loop": "y"})
    step = next(s for s in snapshot["moves"]["steps"] if s["step"] == "prefetch")
    assert [field["name"] for field in step["fields"]] == ["buffer", "distance", "within"]
    assert {move["values"]["within"] for move in step["moves"]} >= {"", "x"}
    for move in step["moves"]:
        form = {"step": "prefetch", "values": move["values"]}
        applied: Any = view.do({"intent": "apply", **form})
        assert applied["trace"]["lines"][-1]["text"] == move["line"]
        view.do({"intent": "undo"})


def test_an_illegal_step_changes_nothing_and_says_why(view: LabView) -> None:
    view.do({"intent": "select", "block": "C", "loop": "k"})
    before = view.snapshot()
    answer: Any = view.do({"intent": "apply", "step": "parallel", "values": {}})
    assert answer["kind"] == "refusal"
    assert answer["place"] == "moves"
    assert "k=0 and k=1" in answer["why"]
    assert len(answer["why"].split()) <= 25
    assert answer["instead"]
    after = view.snapshot()
    assert after["program"] == before["program"]
    assert after["trace"] == before["trace"]
    assert after["moves"]["refusal"]["why"] == answer["why"]
    view.do({"intent": "dismiss"})
    assert view.snapshot()["moves"]["refusal"] is None


@pytest.mark.parametrize(
    "intent",
    [
        {},
        {"intent": "fly"},
        {"intent": "select", "block": "C"},
        {"intent": "select", "block": "C", "loop": "nowhere"},
        {"intent": "select", "block": 7, "loop": None},
        {"intent": "apply"},
        {"intent": "apply", "step": "split", "values": {"factors": "4"}},
        {"intent": "apply", "line": "import os"},
        {"intent": "apply", "line": 's["C"].split("y"'},
        {"intent": "apply", "line": 's["C"].split("y", 0)'},
        {"intent": "apply", "line": 's["Q"].split("y", 2)'},
        {"intent": "apply", "line": 's["C"].melt("y")'},
        {"intent": "edit", "index": 5, "line": TILE},
        {"intent": "edit", "index": "one", "line": TILE},
        {"intent": "go_to", "position": 9},
        {"intent": "go_to", "position": -1},
        {"intent": "load_trace", "text": "{"},
        {"intent": "load_trace", "text": '{"tvmlab_trace": 99, "steps": []}'},
        {"intent": "code", "kind": "cobol"},
        {"intent": "open_result", "number": 3},
        {"intent": "tune_start", "trials": "many"},
        {"intent": "tune_start", "trials": 0},
        {"intent": "open_candidate", "number": 3},
    ],
)
def test_nonsense_is_refused_in_a_sentence(view: LabView, intent: dict[str, Any]) -> None:
    before = view.snapshot()
    answer: Any = view.do(intent)
    assert answer["kind"] == "refusal"
    assert answer["why"]
    assert "Traceback" not in answer["why"]
    assert lines(view.snapshot()) == lines(before)


def test_fields_that_are_no_numbers_say_so(view: LabView) -> None:
    view.do({"intent": "select", "block": "C", "loop": "y"})
    answer: Any = view.do({"intent": "apply", "step": "split", "values": {"factors": "auto, x"}})
    assert answer["why"] == "factors has 'x' where a whole number is due"
    empty: Any = view.do({"intent": "apply", "step": "split", "values": {"factors": "auto,"}})
    assert "nothing" in empty["why"]


def test_preview_answers_with_its_token_and_commits_nothing(view: LabView) -> None:
    view.do({"intent": "select", "block": "C", "loop": "y"})
    request = {"intent": "preview", "step": "split", "token": 7}
    good: Any = view.do({**request, "values": {"factors": "auto, 32"}})
    assert good["moves"]["preview"] == {
        "token": 7,
        "step": "split",
        "line": 'yo, yi = s["C"].split("y", 32)',
        "effect": "yo runs 32  ·  yi runs 32",
        "refusal": None,
    }
    bad: Any = view.do({**request, "values": {"factors": "auto, 0"}})
    assert bad["kind"] == "snapshot"
    assert bad["moves"]["preview"]["refusal"]["why"] == "a factor is at least 1, not 0"
    assert bad["trace"]["lines"] == []


def test_undo_redo_and_go_to_move_in_one_timeline(view: LabView) -> None:
    view.do({"intent": "apply", "line": TILE})
    last: Any = view.do({"intent": "apply", "line": 's["C"].parallel("yo")'})
    undone: Any = view.do({"intent": "undo"})
    assert undone["trace"]["position"] == 1
    assert len(undone["trace"]["lines"]) == 2
    assert undone["trace"]["can_redo"]
    assert lines(view.do({"intent": "redo"})) == lines(last)
    first: Any = view.do({"intent": "go_to", "position": 0})
    assert not first["trace"]["can_undo"]
    assert first["program"]["gone"] == []
    assert view.do({"intent": "undo"})["kind"] == "snapshot"
    branched: Any = view.do({"intent": "apply", "line": 's["C"].parallel("y")'})
    assert [line["text"] for line in branched["trace"]["lines"]] == ['s["C"].parallel("y")']


def test_a_typed_line_is_taken_when_it_is_carried_out_and_not_when_it_is_refused(
    view: LabView,
) -> None:
    good: Any = view.do({"intent": "apply", "line": 's["C"].parallel("y")', "typed": "first"})
    assert good["trace"]["taken"] == "first"
    view.do({"intent": "apply", "line": 's["C"].parallel("k")', "typed": "second"})
    assert view.snapshot()["trace"]["taken"] == "first"
    other: Any = view.do({"intent": "undo"})
    assert other["trace"]["taken"] == "first"
    edited: Any = view.do({"intent": "redo"})
    edited = view.do({"intent": "edit", "index": 0, "line": "", "typed": "third"})
    assert edited["trace"]["taken"] == "third"


def test_an_edited_line_is_replayed_with_what_follows(view: LabView) -> None:
    view.do({"intent": "apply", "line": TILE})
    view.do({"intent": "apply", "line": 's["C"].vectorize("xi")'})
    edited: Any = view.do({"intent": "edit", "index": 0, "line": TILE.replace("32, 32", "8, 16")})
    assert "for xi in vectorized(16):" in lines(edited)
    without: Any = view.do({"intent": "edit", "index": 1, "line": ""})
    assert len(without["trace"]["lines"]) == 1


def test_an_edit_that_spoils_a_later_line_is_refused_with_that_line(view: LabView) -> None:
    view.do({"intent": "apply", "line": TILE})
    before: Any = view.do({"intent": "apply", "line": 's["C"].vectorize("xi")'})
    answer: Any = view.do({"intent": "edit", "index": 0, "line": 's["C"].reorder("x", "y")'})
    assert answer["kind"] == "refusal"
    assert "line 2" in answer["why"]
    after = view.snapshot()
    assert after["program"] == before["program"]
    assert after["trace"]["refused_line"] == 1
    spoiled: Any = view.do({"intent": "edit", "index": 0, "line": TILE.replace("32, 32", "0, 0")})
    assert spoiled["kind"] == "refusal"
    assert view.snapshot()["trace"]["refused_line"] == 0


def test_a_measurement_leaves_the_lab_usable_and_belongs_to_its_state(
    view: LabView, engine: FakeEngine
) -> None:
    engine.gate.clear()
    measuring = threading.Thread(target=view.do, args=({"intent": "measure"},))
    measuring.start()
    while view.snapshot()["measure"]["stage"] == "":
        pass
    assert view.snapshot()["measure"]["status"] == "working"
    view.do({"intent": "apply", "line": TILE})
    engine.gate.set()
    measuring.join()
    last: Any = view.snapshot()["measure"]["last"]
    assert last["label"] == "no step"
    assert not last["is_current"]
    assert last["median_s"] == 0.011
    assert last["gflop_per_s"] == pytest.approx(2 / 0.011)
    assert last["share_of_peak"] == pytest.approx(2e9 / 400e9 / 0.011)
    assert "400 GFLOP/s measured: bound by arithmetic" in last["peak_words"]
    opened: Any = view.do({"intent": "open_result", "number": 1})
    assert opened["trace"]["position"] == 0


def test_a_failed_measurement_is_kept_with_its_reason(view: LabView, engine: FakeEngine) -> None:
    view.do({"intent": "measure"})
    engine.outcome = failure("wrong_answer", "compare", "C[0, 1] is 2.0 and should be 1.0")
    snapshot: Any = view.do({"intent": "measure"})
    measure = snapshot["measure"]
    assert measure["status"] == "failed"
    assert "C[0, 1] is 2.0" in measure["reason"]
    assert [entry["status"] for entry in measure["history"]] == ["ok", "wrong_answer"]
    assert measure["last"]["number"] == 1


def test_tuning_counts_trials_and_opens_one_as_the_schedule(
    view: LabView, engine: FakeEngine
) -> None:
    heard: list[str] = []
    view.listen(heard.append)
    view.do({"intent": "tune_start", "trials": "8"})
    assert engine.run is not None
    engine.run.add(0.010, {"step": "parallel", "block": "C", "loop": "y"})
    engine.run.add(None, status="timeout")
    engine.run.add(0.005, {"step": "reorder", "block": "C", "order": ["x", "y"]})
    assert heard.count("tuning") == 3
    tuner: Any = view.snapshot()["tuner"]
    assert (tuner["done"], tuner["failed"], tuner["failures"]) == (3, 1, "1 timeout")
    assert (tuner["best"], tuner["best_number"]) == ("400 GFLOP/s (5 ms)", 2)
    again: Any = view.do({"intent": "tune_start", "trials": 8})
    assert "already" in again["why"]
    assert view.do({"intent": "tune_pause"})["tuner"]["status"] == "paused"  # type: ignore[typeddict-item]
    assert view.do({"intent": "tune_resume"})["tuner"]["status"] == "running"  # type: ignore[typeddict-item]
    opened: Any = view.do({"intent": "open_candidate", "number": 2})
    assert opened["trace"]["lines"][0]["text"] == 's["C"].reorder("x", "y")'
    assert "trial 2" in opened["program"]["notice"]
    assert view.do({"intent": "tune_stop"})["tuner"]["status"] == "done"  # type: ignore[typeddict-item]


def test_a_workload_without_template_says_so(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.no_tuner = "there is no template for this expression; write one."
    view = LabView(product(), engine, folder=tmp_path)
    assert not view.snapshot()["tuner"]["is_available"]
    answer: Any = view.do({"intent": "tune_start", "trials": 8})
    assert "no template" in answer["why"]


def test_text_shows_program_schedule_and_measurement(view: LabView) -> None:
    view.do({"intent": "apply", "line": TILE})
    view.do({"intent": "measure"})
    text = snapshot_text(view.snapshot())
    assert "for yo in range(32):" in text
    assert f"  {TILE}" in text
    assert "Measured: 11 ms (10 ms to 12 ms), spread 14.5 % (median of 3), 182 GFLOP/s" in text


def test_every_change_is_heard_and_numbered(view: LabView) -> None:
    heard: list[str] = []
    view.listen(heard.append)
    first = view.snapshot()["seq"]
    view.do({"intent": "apply", "line": TILE})
    view.do({"intent": "apply", "line": "nonsense"})
    assert heard == ["view", "view"]
    assert view.snapshot()["seq"] == first + 2


def test_many_threads_leave_one_consistent_state(view: LabView) -> None:
    def work(loop: str) -> None:
        for _ in range(20):
            view.do({"intent": "apply", "line": f's["C"].split("{loop}", 4)'})
            view.do({"intent": "undo"})
            view.do({"intent": "measure"})
            snapshot = view.snapshot()
            assert len(snapshot["trace"]["lines"]) >= snapshot["trace"]["position"]

    threads = [threading.Thread(target=work, args=(loop,)) for loop in "yxk"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert view.state.depth == view.snapshot()["trace"]["position"]


def test_no_two_parts_carry_out_one_intent(view: LabView) -> None:
    names = [name for part in view.parts for name in part.intents()]
    assert sorted(names) == sorted(view.handlers)


def test_every_intent_has_a_pane_for_its_refusals(view: LabView) -> None:
    shown: Any = view.snapshot()
    tell = {part.name for part in PARTS if {"refusal", "reason"} & set(shown[part.name])}
    assert {part.refuses_in or part.name for part in PARTS} <= tell


def test_overlays_put_figures_beside_loops(view: LabView) -> None:
    assert view.snapshot()["program"]["marks"] == []
    shown: Any = view.do({"intent": "overlay", "kind": "reuse"})
    program = shown["program"]
    marked = [program["lines"][m["line"]]["loop"]["loop"] for m in program["marks"]]
    assert (program["overlay"], marked) == ("reuse", ["y", "x", "k"])
    assert [m["text"] for m in program["marks"]] == ["4.2 MB: B", "8.2 kB: A", "12 B: C"]
    assert "keeps A for the next" in program["marks"][1]["words"]
    moved: Any = view.do({"intent": "overlay", "kind": "bytes"})
    assert moved["program"]["marks"][0] == {
        "line": 1, "share": 1.0, "text": "12.6 MB", "words": "A run of y touches 12.6 MB of data."
    }  # fmt: skip
    tiled: Any = view.do({"intent": "apply", "line": TILE})
    assert len(tiled["program"]["marks"]) == 5
    cost: Any = view.do({"intent": "overlay", "kind": "cost"})
    assert {m["text"] for m in cost["program"]["marks"]} == {"100 %"}
    assert view.do({"intent": "overlay", "kind": "heat"})["kind"] == "refusal"


def test_a_nest_is_typed_as_the_goal_and_refused_with_its_reason(view: LabView) -> None:
    nest = "for yo in parallel(32): for x in range(1024): for k in range(1024): for yi in range(32)"
    view.do({"intent": "apply", "line": nest, "place": "trace"})
    snapshot = view.snapshot()
    assert [line["text"] for line in snapshot["trace"]["lines"]] == [
        'yo, yi = s["C"].split("y", 32)',
        's["C"].reorder("x", "k", "yi")',
        's["C"].parallel("yo")',
    ]
    refused = view.do({"intent": "apply", "line": "for z in range(8):", "place": "trace"})
    assert refused["kind"] == "refusal"
    assert len(view.snapshot()["trace"]["lines"]) == 3
