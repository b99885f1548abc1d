"""What the server tells of its folder: traces, exercises and runs, and nothing beyond it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tvmlab as t
from tvmlab.learn.library import exercise, exercise_names
from tvmlab.measure.outcome import Outcome
from tvmlab.server import workspace as workspace_module
from tvmlab.server.workspace import workspace
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup


def schedule() -> t.Schedule:
    a = t.placeholder((16, 32), name="A")
    s = t.create_schedule(t.compute((16, 32), lambda y, x: a[y, x] + 1, name="B"))
    s["B"].split("x", 8)
    return s


def trace_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schedule().trace.to_json())
    return path


def test_traces_are_found_by_name_also_those_of_labs(tmp_path: Path) -> None:
    trace_file(tmp_path / "course" / "mine.trace.json")
    trace_file(tmp_path / ".tvmlab" / "B-0123456789.trace.json")
    trace_file(tmp_path / ".git" / "hidden.trace.json")
    found = {trace["path"]: trace["name"] for trace in workspace(tmp_path)["traces"]}
    assert found == {"course/mine.trace.json": "mine", ".tvmlab/B-0123456789.trace.json": "B"}


def test_no_link_is_followed_and_a_large_folder_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = trace_file(tmp_path / "outside" / "secret.trace.json")
    root = tmp_path / "root"
    trace_file(root / "a.trace.json")
    (root / "link").symlink_to(outside.parent)
    (root / "z.trace.json").symlink_to(outside)
    assert [trace["name"] for trace in workspace(root)["traces"]] == ["a"]
    monkeypatch.setattr(workspace_module, "MOST_ENTRIES", 0)
    assert workspace(root)["traces"] == []


def test_exercises_are_those_of_the_library_with_what_was_passed(tmp_path: Path) -> None:
    (tmp_path / ".tvmlab").mkdir()
    (tmp_path / ".tvmlab" / "learn.json").write_text(json.dumps({"passed": ["tiles", 3]}))
    found = workspace(tmp_path)["exercises"]
    assert [each["name"] for each in found] == list(exercise_names())
    assert [each["name"] for each in found if each["is_passed"]] == ["tiles"]
    assert found[0]["title"] == exercise(found[0]["name"]).title


def test_runs_are_told_with_their_progress(tmp_path: Path) -> None:
    path = tmp_path / ".tvmlab" / "tuning.db"
    path.parent.mkdir()
    s = schedule()
    outcome = Outcome("ok", "time", "", (0.002, 0.004), 0.5, 0.75, True)
    with Database.open(path) as database:
        session = database.begin(Setup(to_json(s.outputs), "generic/cpu", trials=9, batch=4), {})
        steps = [step.to_json() for step in s.state.steps]
        database.append(session, [Record(0, 7, {}, steps, None, outcome)])
        (found,) = workspace(tmp_path)["runs"]
        assert (found["path"], found["run"], found["title"]) == (".tvmlab/tuning.db", 1, "B")
        assert (found["done"], found["trials"], found["best_s"]) == (1, 9, 0.003)
        assert not found["is_on"]
        database.hold(session)
        assert workspace(tmp_path)["runs"][0]["is_on"]
    lab = t.Lab.open(path, run=1)
    assert len(lab.schedule.trace) == 1
    lab.close()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"SQLite format 3\0" + bytes(4096)])
def test_what_is_no_database_of_ours_is_left_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.db").write_bytes(content)
    (tmp_path / "learn.json").write_bytes(b"[" * 5000)
    assert workspace(tmp_path)["runs"] == []


def test_a_trace_opens_as_a_lab(tmp_path: Path) -> None:
    path = trace_file(tmp_path / "mine.trace.json")
    lab = t.Lab.open(path)
    assert lab.schedule.trace.to_python() == schedule().trace.to_python()
    lab.close()
    with pytest.raises(t.UsageError, match=r"cannot be read .* check its name"):
        t.Lab.open(tmp_path / "none.trace.json")
    document = json.loads(path.read_text())
    del document["workload"]
    path.write_text(json.dumps(document))
    with pytest.raises(t.TraceError, match="does not say what it schedules"):
        t.Lab.open(path)
