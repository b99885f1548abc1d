"""What the server part answers, and what it refuses: paths, users, sizes, damage."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import Server, environment
from tests.server.recorded import autotvm_line, begin, metaschedule_line, product, records
from tvmlab.schedule import State, Trace
from tvmlab.server.reader import answers_of, told
from tvmlab.tune.logs import write_log

ROOT = Path(__file__).resolve().parents[2]
RECORDS, TRIAL, TRACE = "tvmlab/records", "tvmlab/trial", "tvmlab/trace"
EXPLANATION = "tvmlab/explanation"


QUESTION: dict[str, Any] = {"front": None, "beside": [], "edition": "", "had": {}}


def asked_here(path: Path, question: dict[str, Any], kind: str = "records") -> Any:
    """What a reader answers, without its process: a view, or the sentence of a refusal."""
    line = told(answers_of(kind, path, path.name), question, path.name)
    assert line[:4] in ("200 ", "400 ")
    return json.loads(line[4:])


@pytest.fixture(scope="module")
def files(server: Server) -> Path:
    """A database of two runs, logs of three programs and a trace, in a folder of the server's."""
    folder = server.root / "runs"
    folder.mkdir()
    with begin(folder / "run.tvmlab.db", 12, 9) as database:
        write_log(database, folder / "run.tvmlog.jsonl")
    (folder / "tune.log").write_text("".join(map(autotvm_line, range(8))))
    (folder / "database_tuning_record.json").write_text("".join(map(metaschedule_line, range(5))))
    (folder / "database_workload.json").write_text('["1234", "a program"]\n')
    start = State.start(product())
    steps = [step for record in records(1) for step in record.trace]
    document = json.loads(Trace(start).to_json()) | {"steps": steps}
    (folder / "c.trace.json").write_text(json.dumps(document))
    return folder


def test_every_kind_of_records_opens(server: Server, files: Path) -> None:
    status, view = server.get(RECORDS, path="runs/run.tvmlab.db", beside="1")
    state = view["state"]
    assert status == 200
    assert (state["live"], state["done"], state["failed"]) == (2, 9, 1)
    assert [run["trials"] for run in state["runs"]] == [9, 12]
    assert [run["letter"] for run in state["runs"]] == ["A", "B"]
    lengths = {m["run"]: len(m["points"]) for m in view["messages"] if m["kind"] == "points"}
    assert lengths == {2: 9, 1: 12}
    assert state["is_read_only"]
    assert {m["kind"] for m in view["messages"]} == {"points", "model"}
    had = {"2": [9, 2, 6, 1], "1": [12, 2, 6, 1]}
    same = {"path": "runs/run.tvmlab.db", "beside": "1", "edition": view["edition"]}
    assert server.get(RECORDS, **same, had=json.dumps(had))[1]["messages"] == []
    for name, done, unit in (
        ("run.tvmlog.jsonl", 9, "GFLOP/s"), ("tune.log", 8, "calls/s"),
        ("database_tuning_record.json", 5, "calls/s"),
    ):  # fmt: skip
        view = asked_here(files / name, dict(QUESTION))
        assert (view["state"]["done"], view["state"]["unit"]) == (done, unit), view
    words = asked_here(files / "database_workload.json", dict(QUESTION))
    assert "open database_tuning_record.json, which lies beside it" in words


def test_a_trial_is_a_program_and_code(server: Server, files: Path) -> None:
    asked = {"run": 1, "number": 3}
    database = {"path": "runs/run.tvmlab.db"}
    logged = asked_here(files / "run.tvmlog.jsonl", asked | {"with_code": False})
    for seen in (server.get(TRIAL, **database, **asked)[1], logged):
        assert seen["steps"] == ['yo, yi = s["C"].split("y", 16)']
        assert ["+", "        for yi in range(16):"] in seen["diff"]
        assert seen["code"] == ""
    assert "ret" in server.get(TRIAL, **database, **asked, code=1)[1]["code"]
    assert seen["contributions"] is None
    features = server.get(TRIAL, **database, **asked, features=1)[1]["contributions"]
    assert "does not describe vector registers" in features["reason"]  # nor does the run
    status, why = server.refused(EXPLANATION, **database, run=1)
    assert (status, "does not describe vector registers" in why) == (400, True)
    assert "no schedules" in asked_here(files / "tune.log", {"run": 1})
    missing = server.get(TRIAL, **database, run=1, number=99)[1]
    assert (missing["status"], "no trial 99" in missing["reason"]) == ("failed", True)
    without = asked_here(files / "tune.log", {"run": 1, "number": 0, "with_code": False})
    assert "no steps" in without["reason"]
    assert server.refused(TRIAL, **database, run=7, number=0)[0] == 400
    assert server.refused(EXPLANATION, **database, run=7)[0] == 400
    assert server.refused(TRIAL, **database, run="-1", number=0)[0] == 400


def test_a_trace_is_the_program_at_each_step(server: Server, files: Path) -> None:
    _, last = server.get(TRACE, path="runs/c.trace.json", overlay="cost")
    assert last["position"] == 1
    assert any("for yi in" in line["text"] for line in last["program"]["lines"])
    assert last["program"]["marks"]
    _, first = server.get(TRACE, path="runs/c.trace.json", position=0)
    assert not any("yi" in line["text"] for line in first["program"]["lines"])


@pytest.mark.parametrize(
    "path",
    [
        "../outside.tvmlab.db", "runs/../../outside.tvmlab.db", "/etc/passwd", "runs/out.tvmlab.db",
        "away/outside.tvmlab.db", ".hidden/run.tvmlab.db", "runs/link.tvmlab.db", "runs",
        "runs/a\0", "runs/fifo.tvmlab.db", "", "missing.tvmlab.db", "runs\\..\\outside.tvmlab.db",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_not_there(server: Server, files: Path, path: str) -> None:
    outside = server.root.parent / "outside.tvmlab.db"
    hidden = server.root / ".hidden"
    if not outside.exists():
        begin(outside, 1).close()
        hidden.mkdir()
        begin(hidden / "run.tvmlab.db", 1).close()
        (files / "out.tvmlab.db").symlink_to(outside)
        (files / "link.tvmlab.db").symlink_to(hidden / "run.tvmlab.db")
        (server.root / "away").symlink_to(outside.parent)
        os.mkfifo(files / "fifo.tvmlab.db")
    status, words = server.refused(RECORDS, path=path)
    assert (status, "there is no file" in words) == (404, True)


def test_what_labs_keep_is_read_though_it_is_hidden(server: Server) -> None:
    own = server.root / "course" / ".tvmlab"
    for folder in (own, own / ".deeper", server.root / ".hidden" / ".tvmlab"):
        folder.mkdir(parents=True)
        begin(folder / "tuning.db", 3).close()
    begin(own / ".secret.db", 1).close()
    (own / "link.db").symlink_to(own / ".secret.db")
    status, view = server.get(RECORDS, path="course/.tvmlab/tuning.db")
    assert (status, view["state"]["done"]) == (200, 3)
    for path in (
        "course/.tvmlab/.secret.db", "course/.tvmlab/link.db", "course/.tvmlab",
        "course/.tvmlab/.deeper/tuning.db", ".hidden/.tvmlab/tuning.db",
        "course/.tvmlab/../.tvmlab/tuning.db",
    ):  # fmt: skip
        assert server.refused(RECORDS, path=path)[0] == 404, path


def test_who_is_not_known_is_told_nothing(server: Server, files: Path) -> None:
    for route in (RECORDS, TRIAL, EXPLANATION, TRACE, "tvmlab/workspace"):
        assert server.get(route, token="wrong", path="runs/run.tvmlab.db")[0] == 403


MALFORMED = {
    "text.tvmlab.db": (b"not a database", "holds no tuning run (line 1: not JSON"),
    "cut.tvmlab.db": (b"SQLite format 3\0" + bytes(500), "database"),
    "empty.tvmlog.jsonl": (b"", "holds no tuning run"),
    "bytes.log": (bytes(range(256)) * 40, "holds no tuning run"),
    "pickle.log": (b"llvm\tgASVKAAAAAAAAACMBXBvc2l4\tgASV\t0.2\n", "pickle protocol"),
    "deep.json": (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 100"),
    "other.json": (b'{"a": 1}\n', "no line of a log that tvmlab knows"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    content, words = MALFORMED[name]
    path = tmp_path / name
    path.write_bytes(content)
    said = [asked_here(path, {"position": 0}, "trace"), asked_here(path, dict(QUESTION))]
    assert all(isinstance(line, str) and "\n" not in line for line in said)
    assert words in said[1]


def test_a_database_damaged_anywhere_ends_in_words(tmp_path: Path) -> None:
    path = tmp_path / "run.tvmlab.db"
    begin(path, 12).close()
    good, drawn = path.read_bytes(), random.Random(0)
    outcomes = set()
    for number in range(40):
        content = bytearray(good)
        for _ in range(drawn.choice((1, 20, 400))):
            content[drawn.randrange(100, len(good))] = drawn.randrange(256)
        path.unlink()
        path.write_bytes(content[: drawn.randrange(len(good))] if number % 4 == 0 else content)
        answer = answers_of("records", path, path.name)
        for asked in (dict(QUESTION), {"run": 1, "number": 3, "with_code": False}):
            said = told(answer, asked, path.name)
            outcomes.add(said[:3])
            assert json.loads(said[4:])
    assert outcomes == {"200", "400"}


def test_malformed_files_leave_the_server_as_it_was(server: Server) -> None:
    name = "pickle.log"
    (server.root / name).write_bytes(MALFORMED[name][0])
    status, said = server.refused(RECORDS, path=name)
    assert (status, MALFORMED[name][1] in said) == (400, True)
    assert server.get("api/status")[0] == 200


def test_a_cut_line_and_a_pickled_line_are_left_out_by_number(server: Server) -> None:
    text = autotvm_line(0) + "x\ty\tz\n" + autotvm_line(1) + autotvm_line(2)[:40]
    path = server.root / "damaged.log"
    path.write_text(text)
    _, view = server.get(RECORDS, path="damaged.log")
    assert view["state"]["done"] == 2
    assert [note[:10] for note in view["notes"]] == ["Line 2 was", "Line 4 was"]
    assert "pickle" in view["notes"][0]
    with path.open("a") as log:  # the tuner goes on with its line
        log.write(autotvm_line(2)[40:] + autotvm_line(3))
    had = json.dumps({"1": [2, 2, 4, 0]})
    _, more = server.get(RECORDS, path="damaged.log", edition=view["edition"], had=had)
    assert more["edition"] == view["edition"]
    assert [point[0] for point in more["messages"][0]["points"]] == [2, 3]


def test_a_database_held_by_a_writer_is_neither_locked_nor_changed(server: Server) -> None:
    path = server.root / "live.tvmlab.db"

    def state() -> dict[str, str]:
        return {
            p.name: hashlib.sha256(p.read_bytes()).hexdigest()
            for p in server.root.glob("live.*")
            if not p.name.endswith("-shm")
        }

    with begin(path, 3) as database:
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        before = state()
        status, view = server.get(RECORDS, path="live.tvmlab.db")
        assert (status, view["state"]["status"], view["state"]["done"]) == (200, "running", 3)
        assert state() == before
        writer.execute("COMMIT")
        writer.close()
        database.append(1, records(2, 3))
        had = json.dumps({"1": [3, 2, 5, 0]})
        again = {"path": "live.tvmlab.db", "edition": view["edition"], "had": had}
        _, more = server.get(RECORDS, **again)
        assert more["edition"] == view["edition"]
        assert [(m["from"], len(m["points"])) for m in more["messages"]] == [(3, 2)]
    assert {p.name for p in server.root.glob("live.*")} == {"live.tvmlab.db"}
    before = state()
    assert server.get(RECORDS, path="live.tvmlab.db")[1]["state"]["done"] == 5
    assert state() == before, "looking leaves nothing beside the file"


def test_what_is_too_large_is_refused_and_what_is_large_stays_bounded(server: Server) -> None:
    huge = server.root / "huge.log"
    with huge.open("wb") as file:
        file.truncate(64 << 30)  # of holes; whoever reads it all reads for minutes and drowns in it
    status, words = server.refused(RECORDS, path="huge.log")
    assert (status, "65,536 MiB" in words, "`tvmlab log huge.log`" in words) == (413, True, True)
    assert max(server.readers().values(), default=0) < 400 << 10
    huge.unlink()
    # 100 MiB, mostly one line: passed over without being held.
    large = server.root / "large.log"
    with large.open("wb") as file:
        file.write(autotvm_line(0).encode())
        file.truncate(100 << 20)
    _, view = server.get(RECORDS, path="large.log")
    assert view["state"]["done"] == 1
    assert "longer than 4 MiB" in view["notes"][0]
    assert max(server.readers().values()) < 400 << 10
    large.unlink()


def test_few_readers_run_and_a_dead_one_is_replaced(server: Server, files: Path) -> None:
    for n in range(5):  # one more than may run at once
        (server.root / f"log{n}.log").write_text(autotvm_line(n))
        assert server.get(RECORDS, path=f"log{n}.log")[0] == 200
    reading = server.readers()
    assert len(reading) <= 4
    for process in reading:
        os.kill(process, signal.SIGKILL)
    status, words = server.refused(RECORDS, path="log4.log")
    assert (status, "its reader ended" in words) == (400, True)
    assert server.get(RECORDS, path="log4.log")[0] == 200


def test_jupyter_lists_the_extension(tmp_path: Path) -> None:
    config = tmp_path / "jupyter_config_dir" / "jupyter_server_config.d"
    config.mkdir(parents=True)
    (config / "tvmlab.json").write_text((ROOT / "extension" / "server_config.json").read_text())
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter_server", "extension", "list"],
        env=environment(tmp_path),
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    said = re.sub(r"\x1b\[\d+m", "", listed.stdout + listed.stderr)
    assert "tvmlab.server enabled" in said
    assert "tvmlab.server" in said.split("Validating tvmlab.server", 1)[1].split("OK")[0]


def test_starting_jupyter_loads_nothing_heavy() -> None:
    code = (
        "import sys, importlib; m = importlib.import_module('tvmlab.server'); "
        "m._jupyter_server_extension_points(); "
        "print(*(n for n in ('numpy', 'llvmlite', 'pandas', 'tvmlab.view') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
