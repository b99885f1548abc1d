"""`tvmlab tune` and `tvmlab replay` on real kernels, small ones."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.patience import PATIENCE_S, eventually
from tvmlab import cli, ops
from tvmlab.cli import verdict
from tvmlab.measure import in_turn
from tvmlab.measure.contest import Verdict
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.schedule import State, step_from_json
from tvmlab.tune.database import Database

COMMAND = [sys.executable, "-m", "tvmlab.cli"]
SMALL = ["tune", "matmul", "--shape", "32,48,16", "--seed", "7"]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder with run.db and best.json of a run of three trials, and what the run printed."""
    folder = tmp_path_factory.mktemp("tuned")
    options = ["--trials", "3", "--db", "run.db", "--out", "best.json"]
    environment = dict(os.environ, PYTHONPATH=os.getcwd())
    done = subprocess.run(
        [*COMMAND, *SMALL, *options], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout, done.stderr


def test_it_says_how_it_goes_and_what_came_of_it(tuned: tuple[Path, str, str]) -> None:
    _, out, err = tuned
    assert out.startswith("tuning matmul(m=32, n=48, k=16, ")
    assert re.search(r"^3 trials in \d+ s: 3 good \(every trial is done\)$", out, re.MULTILINE)
    assert re.search(r"^(the \d fastest are|it is) measured again, with care$", out, re.MULTILINE)
    assert "check      every element agrees with NumPy" in out
    assert re.search(r"time .* median, .* least, spread [\d.]+ % over \d+ repeats", out)
    assert re.search(r"speed      [\d.]+ GFLOP/s", out)
    assert "replay it with: tvmlab replay best.json" in out
    last = err.splitlines()[-1]  # a busy machine is told of before
    pace = r"(, the machine at \d+ % of its first pace)?"
    best = rf"best [\d.]+ GFLOP/s \(trial \d{pace}\)(, now [\d.]+ GFLOP/s)?"
    assert re.fullmatch(rf"3 of 3 trials.*; {best}{pace}", last)


def test_every_trial_is_stored(tuned: tuple[Path, str, str]) -> None:
    with Database.open(tuned[0] / "run.db", create=False) as database:
        records = database.records(1)
    assert [record.number for record in records] == [0, 1, 2]
    assert any(record.can_be_best for record in records)


def test_the_python_it_prints_runs_and_is_right(tuned: tuple[Path, str, str]) -> None:
    code = tuned[1][tuned[1].index("import tvmlab as t") :].partition("\n\nreplay it")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    rng = np.random.default_rng(0)
    a, b = rng.random((32, 16), np.float32), rng.random((16, 48), np.float32)
    c = np.empty((32, 48), np.float32)
    names["f"](a, b, c)
    np.testing.assert_allclose(c, a @ b, rtol=1e-5)
    trace = json.loads((tuned[0] / "best.json").read_text())
    assert json.loads(names["s"].trace.to_json())["steps"] == trace["steps"]


def test_replay_rebuilds_checks_and_times(
    tuned: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tuned[0] / "best.json")
    assert cli.main(["replay", path, "matmul", "--shape", "32,48,16", "--code"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("workload   matmul(m=32, n=48, k=16, transpose_a=False, dtype='float32')")
    assert 's["C"].' in out
    assert "def C(" in out
    assert "check      every element agrees with NumPy" in out
    assert "of this machine" in out


def test_replay_of_a_wrong_kernel_is_exit_code_1(
    tuned: tuple[Path, str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = failure("wrong_answer", "compare", "3 of 9 elements of C are wrong.")
    monkeypatch.setattr("tvmlab.cli.replay.measure", lambda *_: wrong)
    assert cli.main(["replay", str(tuned[0] / "best.json")]) == 1
    words = "check      wrong answer at stage compare: 3 of 9 elements of C are wrong.\n"
    assert capsys.readouterr().out.endswith(words)


def test_a_kernel_that_crashes_is_reported(tuned: tuple[Path, str, str]) -> None:
    outcome = failure("crash", "run", "the process was killed by SIGSEGV")
    [line] = verdict.report(None, outcome)  # type: ignore[arg-type]
    assert line == "check      crash at stage run: the process was killed by SIGSEGV"


def test_going_on_where_a_finished_run_ended(
    tuned: tuple[Path, str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    database = str(tuned[0] / "run.db")
    monkeypatch.chdir(tmp_path)
    assert cli.main([*SMALL, "--trials", "4", "--db", database, "--resume"]) == 0
    out = capsys.readouterr().out
    assert "going on after 3 trials" in out
    assert "\n4 trials in" in out
    other = ["tune", "softmax", "--shape", "8,16", "--trials", "1", "--db", database, "--resume"]
    assert cli.main(other) == 0
    assert "no run with these options to go on with: a new one begins" in capsys.readouterr().out


def count(database: Path) -> int:
    """Trials stored so far; 0 while there is no file."""
    if not database.exists():
        return 0
    with Database.open(database, create=False) as opened:
        return len(opened.records(1))


def test_weights_are_constant_where_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--constant", "B", "--trials", "3", "--out", "best.json", "--db", "run.db"]
    assert cli.main([*SMALL, *words]) == 0
    out = capsys.readouterr().out
    assert out.startswith("tuning matmul(m=32, n=48, k=16, transpose_a=False, dtype='float32'), B")
    code = out[out.index("import tvmlab as t") :].partition("\n\nreplay it")[0]
    assert '), "B"))' in code
    names: dict[str, Any] = {}
    exec(code, names)
    rng = np.random.default_rng(0)
    a, b = rng.random((32, 16), np.float32), rng.random((16, 48), np.float32)
    c = np.empty((32, 48), np.float32)
    names["f"].prepare(B=b)(a, c)
    np.testing.assert_allclose(c, a @ b, rtol=1e-5)
    with Database.open(tmp_path / "run.db", create=False) as database:
        tensors = database.session(1).setup.workload["tensors"]
    assert [entry["name"] for entry in tensors if entry.get("constant")] == ["B"]
    same = ["replay", "best.json", "matmul", "--shape", "32,48,16"]
    assert cli.main([*same, "--constant", "B"]) == 0
    assert ", B constant\n" in capsys.readouterr().out
    assert cli.main(same) == 2


def test_an_interrupt_loses_nothing(tmp_path: Path) -> None:
    database = tmp_path / "run.db"
    words = [*SMALL, "--trials", "400", "--explorer", "random", "--db", str(database)]
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, text=True)
    eventually(lambda: count(database) >= 3, pause_s=0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    stored = count(database)
    assert 3 <= stored < 400
    assert f"\n{stored} trials in" in out
    assert f"go on with: tvmlab {' '.join(words)} --resume" in out
    words[words.index("400")] = str(stored + 2)
    done = subprocess.run([*COMMAND, *words, "--resume"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"going on after {stored} trials" in done.stdout
    assert count(database) == stored + 2


def test_a_contest_says_whether_the_leader_won() -> None:
    assert verdict.standing(Verdict(1, (), 0.034), [7, 20]) == (
        "best is trial 20, faster than the others by at least 3.4 %"
    )
    assert verdict.standing(Verdict(0, (1, 2), 0.0), [7, 20, 3]) == (
        "best is trial 7, but trials 20 and 3 may be as fast"
    )
    assert verdict.standing(Verdict(0, (1,), 0.0), [7, 20]).endswith("trial 20 may be as fast")


def test_what_a_cluster_measured_is_not_held_against_the_limits_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown() -> None:
        raise AssertionError("these are the limits of another machine")

    monkeypatch.setattr("tvmlab.cli.speed.cpu_peaks", unknown)
    state = State.start(ops.matmul(100, 100, 100).tensors)
    outcome = Outcome("ok", "time", times_s=(0.001,) * 6, verified=True)
    lines = verdict.report(state, outcome, "on the cluster")
    assert lines[-1] == "speed      2 GFLOP/s, on the cluster"
    with pytest.raises(AssertionError):
        verdict.report(state, outcome)


def test_schedules_are_timed_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def measured(_: object, requests: list[Request]) -> list[Outcome]:
        sizes = [len(request.trace) for request in requests]
        asked.extend(sizes)
        times = [(1.0 + size,) * 3 for size in sizes]
        return [Outcome("ok", "time", times_s=t, verified=True) for t in times]

    monkeypatch.setattr(in_turn, "measure_all", measured)
    plain = State.start(ops.matmul(8, 8, 8).tensors)
    steps = [{"step": "split", "block": "C", "loop": "x", "factors": [None, 4]}]
    split = plain.replay(step_from_json(step) for step in steps)
    outcomes, found = in_turn.measure_in_turn([split, plain], "cpu", 0)
    assert asked == [1, 0, 0, 1] * 3
    assert [len(outcome.times_s) for outcome in outcomes] == [18, 18]
    assert found == Verdict(1, (), 1.0)


BROKEN = """
from tvmlab.measure import job
from tvmlab.measure.outcome import failure

def broken(request, turns):
    number = int(request.key[1][:4], 16) % 5
    raise job._Failed(failure("build_error", "build", f"no register r{number}"))

job._build = broken
"""


def test_a_run_in_which_everything_fails_ends_early_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    environment = dict(os.environ, PYTHONPATH=f"{tmp_path}{os.pathsep}{os.getcwd()}")
    words = [*SMALL, "--trials", "200", "--explorer", "random"]
    done = subprocess.run([*COMMAND, *words], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(
        r"\n\d+ trials in \d+ s: 0 good, \d+ build error \(20 candidates in a row failed: "
        r"\d+ x build_error at build: no register r\d(; \d+ x build_error [^;]*){2}\)\n",
        done.stdout,
    )


def test_a_cluster_beyond_this_machine_must_be_encrypted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main([*SMALL, "--cluster", "tcp://10.0.0.7:8786"]) == 2
    assert "not encrypted" in capsys.readouterr().err
