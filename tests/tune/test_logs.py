"""Logs: ours out and in again, other tuners' to look at, and damage of every kind."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

import tvmlab as t
from tests.tune.test_records import CRASH, GOOD
from tvmlab import ops
from tvmlab.cli.entry import main
from tvmlab.errors import UsageError
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.logs import import_log, read_log, write_log
from tvmlab.tune.logs.lines import MAX_BYTES, Complaint, json_lines
from tvmlab.tune.logs.read import told
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup

SETUP = Setup(to_json(ops.matmul(16, 16, 16).tensors), "matmul/cpu", trials=3)

AUTOTVM = {
    "input": ["llvm -mcpu=znver4", "dense_nopack.x86", [["TENSOR", [1, 512], "float32"], 7], {}],
    "config": {
        "index": 42,
        "code_hash": None,
        "entity": [["tile_y", "sp", [-1, 8]], ["unroll", "ot", 16]],
    },
    "result": [[0.002, 0.001, 0.004], 0, 1.5, 1700000000.5],
    "version": 0.2,
    "tvm_version": "0.10.0",
}
META = [
    0,
    [
        [
            [
                ["GetBlock", [], ["C", "main"], ["b0"]],
                ["SamplePerfectTile", ["l1"], [4, 64], ["v2"]],
            ],
            [[1, [4, 8, 2, 8]]],
        ],
        [0.25, 0.75],
        {"kind": "llvm", "num-cores": 2},
        [["TENSOR", "float32", [512, 512]], ["TENSOR", "float32", [512, 256]]],
    ],
]


def records(count: int) -> list[Record]:
    return [
        Record(
            n, 2**80 + n, {"tile": ((4, n), 16)}, [{"step": "x"}], None, CRASH if n % 3 else GOOD
        )
        for n in range(count)
    ]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A database with a finished session of 7 trials and an empty one."""
    path = tmp_path / "run.db"
    with Database.open(path) as database:
        session = database.begin(SETUP, {"cores": 2})
        database.append(session, records(7))
        database.end(session, "every trial is done")
        database.begin(SETUP, {})
    return path


def write(path: Path, *lines: object) -> Path:
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(text) + "\n")
    return path


def test_a_database_goes_through_lines(stored: Path, tmp_path: Path) -> None:
    log = tmp_path / "runs.tvmlog.jsonl"
    with Database.open(stored) as database:
        assert write_log(database, log) == 7
    with Database.open(tmp_path / "again.db") as again:
        assert import_log(log, again) == (7, [])
        first, second = again.sessions()
        assert (first.setup, first.environment) == (SETUP, {"cores": 2})
        assert first.ending == "imported from runs.tvmlog.jsonl"
        assert again.records(first.id) == records(7)
        assert again.records(second.id) == []
        best = again.best(SETUP.workload, "cpu")
        assert best is not None
        assert best.outcome == GOOD
        copy = tmp_path / "copy.jsonl"
        write_log(again, copy)
    assert copy.read_text() == log.read_text()


def test_our_log_is_looked_at_like_any_other(stored: Path, tmp_path: Path) -> None:
    log = tmp_path / "runs.tvmlog.jsonl"
    with Database.open(stored) as database:
        write_log(database, log)
    found = t.read_log(log)
    assert found.complaints == []
    run, empty = found.runs
    assert run.title.startswith("matmul(m=16, n=16, k=16")
    assert [trial.failure for trial in run.trials[:3]] == ["", "crash at run", "crash at run"]
    assert run.best is run.trials[0]
    assert empty.best is None
    frame = run.table()
    assert list(frame.index) == list(range(7))
    assert frame.loc[0, "median_s"] == 2.0
    assert frame["min_s"].isna().sum() == 4
    assert frame.loc[1, "choice tile"] == ((4, 1), 16)
    assert empty.table().empty


def test_autotvm(tmp_path: Path) -> None:
    failed = AUTOTVM | {"result": [[1e9], 4, 10.0, 1700000001.0]}
    other = AUTOTVM | {"input": ["cuda", *AUTOTVM["input"][1:]]}
    log = read_log(write(tmp_path / "autotvm.log", AUTOTVM, failed, other))
    assert log.complaints == []
    run, cuda = log.runs
    assert run.title == "dense_nopack.x86(1x512 float32, 7)"
    assert (run.source, run.target, cuda.target) == ("AutoTVM", "llvm -mcpu=znver4", "cuda")
    assert [x.median_s for x in run.trials] == [0.002, None]
    assert [x.failure for x in run.trials] == ["", "runtime error"]
    assert run.trials[0].choices == {"tile_y": "[-1, 8]", "unroll": "16"}
    assert run.trials[1].at == 1700000001.0
    assert "2 trials, 1 failed, best 2000 us at trial 0" in str(log)


def test_metaschedule(tmp_path: Path) -> None:
    unmeasured = [0, [META[1][0], None, None, None]]
    failed = [1, [META[1][0], [1e10], META[1][2], META[1][3]]]
    log = read_log(write(tmp_path / "records.json", ["5f3", "e30="], META, unmeasured, failed))
    assert log.complaints == []
    whole, bare, other = log.runs
    assert whole.title == "workload 0(512x512, 512x256)"
    assert (whole.source, whole.target) == ("MetaSchedule", "llvm")
    assert whole.trials[0].median_s == 0.5
    assert whole.trials[0].choices == {"SamplePerfectTile 1": "[4, 8, 2, 8]"}
    assert [bare.trials[0].failure, other.trials[0].failure] == ["failed", "failed"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"input": [', "not JSON at column 12"),
        (json.dumps(AUTOTVM) + json.dumps(AUTOTVM), "not JSON at column .*: Extra data"),
        ('{"a": NaN}', "NaN, which is no JSON"),
        ('{"a": 1, "a": 2}', "the field 'a' twice"),
        ("[" * 200 + "]" * 200, "nested deeper than 100"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 100"),
        ("gASVDQ==\tgASVDQ==\tgASVDQ==", "pickle protocol, which could run any code"),
        ('"text"', "no line of a log that tvmlab knows"),
        ("{}", "no line of a log that tvmlab knows"),
        (AUTOTVM | {"result": [[-1.0], 0, 1.0, 1.0]}, "-1.0 is no time in seconds"),
        (AUTOTVM | {"result": [[10**400], 0, 1.0, 1.0]}, "is no time in seconds"),
        (AUTOTVM | {"result": [[1.0], 99, 1.0, 1.0]}, "error_no is 99"),
        (AUTOTVM | {"result": [[1.0], 0]}, "`result` is not"),
        (AUTOTVM | {"result": [[1.0], 0, 1.0, "noon"]}, "'noon' is no moment"),
        (AUTOTVM | {"input": "llvm"}, "`input` is not"),
        (AUTOTVM | {"config": {"entity": 7}}, "`config` has no list"),
        ([0, []], r"the record is not \[\[instructions"),
        ([0, [[[], [[3, 4]]], [1.0]]], "there is no instruction 3"),
        ([0, [[[], 7], [1.0]]], "instructions and decisions are no lists"),
        ({"session": 1, "trial": {}}, "a trial's record cannot be read"),
        ({"session": "one", "trial": {}}, "'one' is no number"),
        ({"session": 1, "tvmlab_log": 9}, "version 9"),
        ({"session": 1, "tvmlab_log": 1}, "a field is missing"),
        ({"session": 7, "trial": records(1)[0].to_json()}, "session 7, which no line before"),
    ],
)
def test_a_bad_line_is_reported_and_the_others_kept(
    tmp_path: Path, line: object, reason: str
) -> None:
    log = read_log(write(tmp_path / "log", AUTOTVM, line, "", AUTOTVM))
    assert [number for number, _ in log.complaints] == [2]
    assert re.search(reason, log.complaints[0].reason)
    assert len(log.runs[0].trials) == 2


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xff\xfe{}\n" + json.dumps(AUTOTVM).encode() + b"\n{\x00}")
    log = read_log(path)
    assert [c.line for c in log.complaints] == [1, 3]
    assert log.complaints[0].reason == "not UTF-8 at byte 0"
    assert len(log.runs) == 1


def test_a_line_of_100_megabytes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(json.dumps(AUTOTVM).encode() + b'\n{"a": "')
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n' + json.dumps(AUTOTVM).encode())
    tracemalloc.start()
    read = list(json_lines(path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(line) is Complaint for line in read] == [False, True, False]
    assert "longer than 4 MiB" in read[1][1]
    assert most < 4 * MAX_BYTES


def mutated(good: bytes, rng: random.Random) -> bytes:
    """A line to which one of the things has happened that happen to lines, up to four times."""
    line = bytearray(good)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(line))
        kind = rng.randrange(6)
        if kind == 0:  # a byte is another one, which need not be of UTF-8
            line[at] = rng.choice([x for x in range(256) if x != 10])
        elif kind == 1:  # torn, and glued to the beginning of the next
            del line[at:]
            line += b"{"
        elif kind == 2:
            line[at:at] = rng.choice([b"NaN", b'"', b"}{", b"\xff", b"1e999", b"-Infinity"])
        elif kind == 3:  # glued into itself
            line[at:at] = line[: 4 << 10]
        elif kind == 4:
            line[at:at] = b"[" * rng.choice([3, 200, 100_000]) if rng.random() < 0.1 else b"[[["
        else:  # of another type
            words = [b'"input"', b'"config"', b'"result"', b'"version"']
            word = rng.choice(words)
            line[:] = line.replace(word, word + rng.choice([b":7,", b":null,", b':"x",', b":{},"]))
    return bytes(line)


READER = """
import json, re, sys
from pathlib import Path
import tvmlab as t
log = t.read_log(sys.argv[1])
# Not ru_maxrss, which begins with what the process that started this one had.
most = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / (1 << 10)
kept = [(run.title, run.target, len(run.trials)) for run in log.runs]
print(json.dumps({"most": most, "kept": kept, "complaints": log.complaints}))
"""


def test_ten_thousand_mutated_lines_and_one_of_100_megabytes(tmp_path: Path) -> None:
    """Whatever happens to a line, those that were left alone are all read, in under 200 MB."""
    rng = random.Random(0)
    good = json.dumps(AUTOTVM).encode()
    whole = {n for n in range(1, 10_001) if rng.random() < 0.3}
    path = tmp_path / "log"
    with path.open("wb") as file:
        for number in range(1, 10_001):
            file.write((good if number in whole else mutated(good, rng)) + b"\n")
        file.write(b'{"a": "')
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n' + good)
    command = [sys.executable, "-c", READER, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["most"] < 200, "MiB"
    complaints = dict(found["complaints"])
    assert sum(count for _, _, count in found["kept"]) + len(complaints) == 10_002
    assert len(complaints) > 5_000, "mutations do harm"
    assert not whole & {int(line) for line in complaints}
    first = ("dense_nopack.x86(1x512 float32, 7)", "llvm -mcpu=znver4")
    assert next(n for title, target, n in found["kept"] if (title, target) == first) > len(whole)
    assert all(complaints.values()), "each has its reason"
    assert complaints[10_001] == "longer than 4 MiB"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_log(tmp_path / "nothing")
    with pytest.raises(UsageError, match="is a folder"):
        read_log(tmp_path)


def test_a_database_is_looked_at_like_a_log(stored: Path, tmp_path: Path) -> None:
    with Database.open(stored) as database:
        write_log(database, tmp_path / "log")
    assert read_log(stored).runs == read_log(tmp_path / "log").runs


def test_all_runs_are_one_table(stored: Path, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    log = read_log(stored)
    frame = log.table()
    assert len(frame) == 7
    assert frame["median_s"].isna().sum() == 4
    assert json.loads(frame.loc[1, "choices"]) == {"tile": [[4, 1], 16]}
    path = tmp_path / "run.parquet"
    assert log.to_parquet(path) == 7
    back = pyarrow.parquet.read_table(path)
    assert back.to_pydict() == log.columns()
    assert str(back.schema.field("times_s").type) == "list<element: double>"
    assert read_log(write(tmp_path / "none", "[")).to_parquet(tmp_path / "none.parquet") == 0
    with pytest.raises(UsageError, match=r"nowhere/run\.parquet cannot be written"):
        log.to_parquet(tmp_path / "nowhere" / "run.parquet")


def test_parquet_without_its_library_is_told(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'tvmlab\[parquet\]'"):
        read_log(stored).to_parquet(tmp_path / "run.parquet")


def test_the_command_line(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, copy = tmp_path / "runs.tvmlog.jsonl", tmp_path / "copy.db"
    assert main(["log", str(log), "--db", str(stored), "--export"]) == 0
    assert main(["log", str(log), "--db", str(copy)]) == 0
    assert main(["log", str(log)]) == 0
    assert "7 trials stored" in capsys.readouterr().out
    table = tmp_path / "run.parquet"
    assert main(["log", str(copy), "--parquet", str(table)]) == 0
    assert f"7 trials written to {table}" in capsys.readouterr().out
    assert main(["log", str(log), "--db", str(copy), "--parquet", str(table)]) == 2
    assert "--parquet writes what LOG holds" in capsys.readouterr().err
    with log.open("a") as file:
        file.write('{"session": 1, "tri')
    assert main(["log", str(log)]) == 1
    assert "line 10: not JSON" in capsys.readouterr().out
    assert main(["log", str(log), "--export"]) == 2
    assert main(["log", str(tmp_path / "nothing")]) == 2
    told = capsys.readouterr().err
    assert "--export needs the runs to write" in told
    assert "cannot be read" in told


def test_a_trial_of_autotvm_is_told_knob_by_knob(tmp_path: Path) -> None:
    failed = {**AUTOTVM, "result": [[1e9], 6, 0.0, 1e200]}
    entity = [["order", "re", [1, 0]], ["ann", "an", ["unroll", "vec"]], ["odd", "??", None]]
    other = {**AUTOTVM, "config": {"entity": entity}}
    path = write(tmp_path / "log.json", AUTOTVM, "not JSON", failed, other)
    trials = [trial for run in read_log(path).runs for trial in run.trials]
    assert [trial.line for trial in trials] == [1, 3, 4]
    found = told(path, 1)
    facts = dict(found.facts)
    assert facts["Task"] == "dense_nopack.x86"
    assert facts["Argument 0"] == "1x512 float32"
    assert facts["tile_y"] == "split into rest × 8"
    assert facts["unroll"] == "16"
    assert facts["Times of 3 calls"] == "2 ms, 1 ms, 4 ms"
    assert facts["Building and measuring"] == "1.5 s"
    assert facts["Measured"] == "2023-11-14 22:13:20 UTC"
    assert "dense_nopack.x86" in found.why
    assert json.loads(found.raw) == AUTOTVM
    facts = dict(told(path, 3).facts)
    assert facts["Failure"] == "build timeout"
    assert not {"Measured", "Times of 1 calls", "Time of a call"} & set(facts)
    facts = dict(told(path, 4).facts)
    assert facts["order"] == "order of the axes 1, 0"
    assert facts["ann"] == "annotated unroll, vec"
    assert facts["odd"] == "None"
    assert "Configuration" not in facts


def test_a_trial_of_metaschedule_is_told_instruction_by_instruction(tmp_path: Path) -> None:
    failed = [1, [META[1][0], [1e10], "llvm"]]
    path = write(tmp_path / "records.json", META, failed)
    found = told(path, 1)
    assert found.steps == [
        "b0 = get_block('C', 'main')",
        "v2 = sample_perfect_tile(l1, 4, 64, decision=[4, 8, 2, 8])",
    ]
    facts = dict(found.facts)
    assert facts["Target: kind"] == "llvm"
    assert facts["Argument 1"] == "512x256 float32"
    assert facts["Times of 2 calls"] == "250 ms, 750 ms"
    facts = dict(told(path, 2).facts)
    assert (facts["Target"], facts["Failure"]) == ("llvm", "no time was written")


def test_a_log_that_changed_is_loaded_again(tmp_path: Path) -> None:
    path = write(tmp_path / "log.json", AUTOTVM)
    for number in (2, 99):
        with pytest.raises(UsageError, match="has changed; load the log again"):
            told(path, number)
    write(path, "[", {**AUTOTVM, "config": {}})
    with pytest.raises(UsageError, match="has changed; load the log again"):
        told(path, 1)
    with pytest.raises(UsageError, match="has changed: `config` has no list"):
        told(path, 2)
    path.unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        told(path, 1)
