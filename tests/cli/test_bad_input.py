"""What a user can get wrong on the command line: one sentence, exit code 2, nothing written."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tvmlab import api, cli, ops
from tvmlab.cli.files import write_whole
from tvmlab.errors import UsageError
from tvmlab.tune.database import Database


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaint(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command ends with."""
    assert cli.main(words) == 2
    said = capsys.readouterr()
    [line] = said.err.splitlines()
    assert line.startswith("tvmlab: ")
    assert line.endswith(".")
    return line.removeprefix("tvmlab: ")


TUNE = {
    "tune": "the following arguments are required: OP",
    "tune matmull --shape 4,4,4": "there is no operator 'matmull'; did you mean 'matmul'?",
    "tune matmul": "`tvmlab tune matmul` does not say how large; give --shape m,n,k as numbers.",
    "tune softmaxx": "there is no operator 'softmaxx'; did you mean 'softmax'?",
    "tune matmul --shape 4,4": "matmul takes the shape m,n,k, and was given 4,4; give 3 numbers.",
    "tune matmul --shape 4,4,4,4": "was given 4,4,4,4; give 3 numbers.",
    "tune matmul --shape 4,0,4": "--shape '4,0,4' holds the extent 0; every extent is at least 1.",
    "tune matmul --shape -4,4,4": "--shape '-4,4,4' holds the extent -4; every extent is",
    "tune matmul --shape 4,x,4": "--shape '4,x,4' holds 'x', which is not a whole number;",
    "tune matmul --shape 4,1.5,4": "holds '1.5', which is not a whole number;",
    "tune matmul --shape 4,,4": "holds '', which is not a whole number;",
    "tune matmul --shape 4,4,4 --trials 0": "--trials '0' is not a whole number of at least 1;",
    "tune matmul --shape 4,4,4 --trials many": "--trials 'many' is not a whole number of at",
    "tune matmul --shape 4,4,4 --seed -1": "--seed '-1' is not a whole number of at least 0;",
    "tune matmul --shape 4,4,4 --target gpu": "--target 'gpu' is not known; did you mean 'cpu'?",
    "tune matmul --shape 4,4,4 --model forest": "--model 'forest' is not known; there are",
    "tune matmul --shape 4,4,4 --space all": "--space 'all' is not known;",
    "tune matmul --shape 4,4,4 --features loops": "--features 'loops' is not known;",
    "tune matmul --shape 4,4,4 --diversity much": "--diversity 'much' is not a number of at least",
    "tune matmul --shape 4,4,4 --transfer": "transfer=True learns from the runs in the database",
    "tune matmul --shape 4,4,4 --early-stop 0": "--early-stop '0' is not a whole number",
    "tune matmul --shape 4,4,4 --explorer modl": "--explorer 'modl' is not known; did you mean",
    "tune matmul --shape 4,4,4 --resume": "--resume needs the run to go on with; name its file",
    "tune matmul --shape 4,4,4 --resume --db no.db": "the database no.db does not exist; check",
    "tune matmul --shape 4,4,4 --out no/best.json": "--out no/best.json cannot be written because "
    "the folder no does not exist; make it first.",
    "tune matmul --shape 4,4,4 --db no/run.db": "the database no/run.db cannot be made because",
    "tune matmul --shape 4,4,4 --constant W": "C has no input 'W'; name those that stay the same, "
    "of A, B.",
    "tune matmul --shape 4,4,4 --constant B,": "--constant 'B,' names no input; give names between",
    "tune matmul --shape 4,4,4 --frob": "unrecognized arguments: --frob;",
}


@pytest.mark.parametrize("line", TUNE)
def test_tune(line: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert TUNE[line] in complaint(line.split(), capsys)
    assert list(here.iterdir()) == [], "something was left behind"


def tune_into(path: Path) -> list[str]:
    return ["tune", "matmul", "--shape", "4,4,4", "--trials", "1", "--db", str(path)]


def test_a_file_that_is_no_database(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "notes.txt"
    path.write_text("my notes, not yours\n" * 100)
    assert f"the database {path} is not a database; give" in complaint(tune_into(path), capsys)
    assert path.read_text() == "my notes, not yours\n" * 100


def test_a_database_of_a_newer_version(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "new.db"
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert f"the database {path} has version 99 and this" in complaint(tune_into(path), capsys)


def test_a_locked_database(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "busy.db"
    Database.open(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    said = complaint(tune_into(path), capsys)
    holder.execute("ROLLBACK")
    holder.close()
    assert f"the database {path} is locked by another program; close that program" in said


def test_a_place_where_nobody_may_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tvmlab.cli.files.os.access", lambda path, mode: False)
    words = ["tune", "matmul", "--shape", "4,4,4", "--out", "best.json"]
    assert "--out best.json cannot be written (permission denied)" in complaint(words, capsys)


def test_a_disk_that_fills_up_leaves_the_old_file(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, text: str, encoding: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = here / "best.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match=r"\(No space left on device\)"):
        write_whole(path, "new", "--out")
    assert [(p.name, p.read_bytes()) for p in here.iterdir()] == [("best.json", b"old")]


def document() -> dict[str, Any]:
    """A good trace of a small product, two steps long."""
    schedule = api.create_schedule(ops.matmul(8, 8, 8))
    yo, _ = schedule["C"].split("y", 4)
    schedule["C"].parallel(yo)
    return json.loads(schedule.trace.to_json())


def damaged(kind: str) -> str:
    data = document()
    if kind == "not JSON":
        return json.dumps(data)[:-20]
    if kind == "not a trace":
        return "[1, 2]"
    if kind == "newer":
        data["tvmlab_trace"] = 2
    elif kind == "no steps":
        del data["steps"]
    elif kind == "unknown step":
        data["steps"][0]["step"] = "spilt"
    elif kind == "unknown field":
        data["steps"][0]["fast"] = True
    elif kind == "wrong type":
        data["steps"][0]["loop"] = 5
    elif kind == "illegal step":
        data["steps"][0]["loop"] = "z"
    elif kind == "no workload":
        data["workload"] = None
    elif kind == "bad workload":
        data["workload"]["tensors"][0]["dtype"] = "float12"
    return json.dumps(data)


REPLAY = {
    "not JSON": "the trace is not JSON (",
    "not a trace": "the JSON is not a trace: it has no 'tvmlab_trace' version",
    "newer": "the trace is of version 2, and this tvmlab reads version 1;",
    "no steps": "the trace has no list of 'steps';",
    "unknown step": "unknown step 'spilt'",
    "unknown field": "lacks or does not know: fast",
    "wrong type": "has loop=5",
    "illegal step": "block C has no loop 'z'",
    "no workload": "holds steps but not the expression they are for; name it, as in",
    "bad workload": "float12",
}


@pytest.mark.parametrize("kind", REPLAY)
def test_replay(kind: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "trace.json").write_text(damaged(kind))
    assert REPLAY[kind] in complaint(["replay", "trace.json"], capsys)


@pytest.mark.parametrize("workload", [None, {"no": float("nan")}, [[]], 7])
def test_replay_of_another_expression(
    workload: Any, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = document() if workload is None else {**document(), "workload": workload}
    (here / "trace.json").write_text(json.dumps(data))
    words = ["replay", "trace.json", "matmul", "--shape", "8,8,16"]
    assert "the trace belongs to another expression" in complaint(words, capsys)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["replay"], "the following arguments are required: TRACE.json"),
        (["replay", "none.json"], "the trace none.json cannot be read (No such file"),
        (["replay", "."], "the trace . is a folder; give the name of a file."),
        (["replay", "none.json", "matmul"], "OP and --shape belong together"),
        (["replay", "none.json", "--target", "x"], "--target 'x' is not known; there are cpu,"),
    ],
)
def test_replay_of_nothing(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sentence in complaint(words, capsys)


def test_a_file_too_large_for_a_trace(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (here / "trace.json").open("wb") as file:
        file.truncate(1 << 30)
    assert "has 1073741824 bytes, more than any" in complaint(["replay", "trace.json"], capsys)
