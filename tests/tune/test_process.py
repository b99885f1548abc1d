"""The tuner's process and the handle on it, with a real kernel that builds in milliseconds."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.patience import PATIENCE_S, eventually
from tvmlab import ops
from tvmlab.errors import DatabaseError, UsageError
from tvmlab.measure.outcome import Outcome
from tvmlab.targets.cpu.host_vectors import host_vectors
from tvmlab.te.serial import to_json
from tvmlab.tune import client, process
from tvmlab.tune import run as run_module
from tvmlab.tune.beginning import search_of
from tvmlab.tune.client import start
from tvmlab.tune.database import Database
from tvmlab.tune.model_guided import BEGINNING
from tvmlab.tune.record import Record
from tvmlab.tune.run import Run
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import template_name

PRODUCT = ops.matmul(16, 32, 16).tensors
OPTIONS = {"timeout_s": 60.0, "batch": 8}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


@pytest.fixture
def begin():
    runs = []

    def begin(**options):
        runs.append(start(PRODUCT, **(OPTIONS | options)))
        return runs[-1]

    yield begin
    for run in runs:
        run.close()


def stored(path, run):
    with Database.open(path, create=False) as database:
        return database.records(run.started["session"])


def children_of(pid):
    """Every living descendant of a process."""
    table = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                table.setdefault(int(fields[1]), []).append(int(entry))
    found, new = [], [pid]
    while new:
        new = [child for parent in new for child in table.get(parent, [])]
        found += new
    return found


def alive(pids):
    return [pid for pid in pids if os.path.exists(f"/proc/{pid}") and not zombie(pid)]


def zombie(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_run_from_beginning_to_end(begin, path):
    heard = []
    run = begin(trials=32, db=path)
    leave = run.listen(heard.extend)
    assert run.wait(PATIENCE_S).is_over
    assert (run.status, run.reason) == ("done", "every trial is done")
    records = stored(path, run)
    assert [r.number for r in records] == list(range(32))
    assert sorted(run.trials, key=lambda r: r.number) == records
    assert run.best == min((r for r in records if r.can_be_best), key=lambda r: r.median_s)
    assert any(r.predicted_s for r in records[BEGINNING:])
    assert all(r.predicted_s is None for r in records[:BEGINNING])
    assert int(run.started["space"]) > 20
    assert run.progress["done"] == 32
    assert run.model["compared"] > 0
    eventually(lambda: any(m["type"] == "done" for m in heard))
    assert len([m for m in heard if m["type"] == "record"]) == 32
    leave()
    frame = run.records
    assert len(frame) == 32
    assert {"status", "median_s", "predicted_s", "knob tile"} <= set(frame.columns)
    assert "32 of 32 trials" in repr(run)


def test_the_first_trial_is_the_templates_own_choice(begin):
    run = begin(trials=8)
    run.wait(PATIENCE_S)
    template = ops.template_named(run.setup.template)
    (first,) = [r for r in run.trials if r.number == 0]
    assert first.config == template.default(PRODUCT)
    assert first.outcome.is_ok


def test_a_run_that_goes_on_tells_at_what_pace_its_trials_were_measured(path):
    setup = Setup(to_json(PRODUCT), template_name(PRODUCT, None, "cpu", host_vectors()))
    told = []
    with Database.open(path) as database:
        row = database.begin(setup, {}, process.device_for(setup))
        trials = [
            Record.of(c, Outcome("ok", "time", times_s=(1.0,), sentinel_s=sentinel_s))
            for c, sentinel_s in zip(
                search_of(setup, database).session.next(3), (0.002, 0.003, 0.002), strict=True
            )
        ]
        database.append(row, trials)
        process.begin({"type": "attach", "session": row}, database, told.append)
    found = [Record.from_json(m["record"]) for m in told if m["type"] == "record"]
    assert found == trials
    assert [record.outcome.slowdown for record in found] == pytest.approx([1.0, 1.5, 1.0])


def test_a_killed_run_keeps_what_it_told_and_resumes(begin, path):
    run = begin(trials=48, db=path)
    eventually(lambda: len(run.trials) >= 10)
    descendants = children_of(run._process.pid)
    run._process.kill()
    assert run.wait(PATIENCE_S).is_over
    assert run.status == "failed"
    assert "was killed by SIGKILL" in run.reason
    eventually(lambda: not alive(descendants))
    run.pause().resume().stop()  # harmless on a dead run
    told = {r.number: r for r in run.trials}
    kept = {r.number: r for r in stored(path, run)}
    assert all(kept[number] == record for number, record in told.items())
    again = begin(trials=48, db=path, resume=True)
    assert again.wait(PATIENCE_S).status == "done"
    assert again.started["session"] == run.started["session"]
    assert again.started["restored"] == len(kept)
    records = stored(path, again)
    assert [r.number for r in records] == list(range(48))
    assert all(records[number] == record for number, record in kept.items())
    assert len(again.trials) == 48  # the restored ones are told too, each once


def test_a_run_is_attached_to_again_and_goes_on_where_it_was(begin, path):
    run = begin(trials=24, db=path)
    eventually(lambda: len(run.trials) >= 10)
    run._process.kill()
    run.wait(PATIENCE_S)
    kept = {r.number: r for r in stored(path, run)}
    again = client.attach(path)
    try:
        assert again.setup.trials == 24
        assert again.wait(PATIENCE_S).status == "done", again
        assert again.started["session"] == run.started["session"]
        assert again.started["restored"] == len(kept)
        records = stored(path, again)
        assert [r.number for r in records] == list(range(24))
        assert all(records[number] == record for number, record in kept.items())
        assert sorted(again.trials, key=lambda r: r.number) == records
        over = client.attach(path)  # there is nothing left to do, and everything to look at
        assert over.wait(PATIENCE_S).reason == "every trial is done"
        assert over.best == again.best
        over.close()
        more = client.attach(path, again.started["session"], trials=26)
        assert more.wait(PATIENCE_S).reason == "every trial is done"
        assert [r.number for r in stored(path, more)] == list(range(26))
        with Database.open(path) as database:
            texts = database.artifacts(more.started["session"], more.best.number)
        assert texts["program"].startswith("def C(")
        assert "define void @C" in texts["code"]
        more.close()
    finally:
        again.close()


def test_a_run_has_one_writer(begin, path):
    run = begin(trials=10_000, db=path, explorer="random")
    eventually(lambda: len(run.trials) >= 1)
    others = [client.attach(path), begin(trials=10_000, db=path, explorer="random", resume=True)]
    for other in others:
        assert other.wait(PATIENCE_S).status == "failed"
        assert "run 1 of the database" in other.reason
        assert "is being written by another tuner; stop that one" in other.reason
        other.close()
    assert run.status == "running"
    run.stop().wait(PATIENCE_S)
    again = client.attach(path)
    eventually(lambda: len(again.trials) > len(run.trials) or again.is_over)
    assert again.status == "running", again
    again.close()


def test_what_cannot_be_attached_to_is_told(begin, path):
    with pytest.raises(DatabaseError, match="does not exist"):
        client.attach(path)
    run = begin(trials=1, db=path)
    run.wait(PATIENCE_S)
    with pytest.raises(DatabaseError, match="holds no run 7"):
        client.attach(path, 7)
    with pytest.raises(UsageError, match="given trials=0; give a whole number, at least 1"):
        client.attach(path, trials=0)
    with Database.open(path) as database:
        database.begin(run.setup, {}, {"kind": "cpu", "model": "another"})
    other = client.attach(path)
    assert other.wait(PATIENCE_S).status == "failed"
    assert "run 2 was measured on another machine" in other.reason
    resumed = begin(trials=1, db=path, resume=True)
    assert resumed.wait(PATIENCE_S).status == "done"
    assert resumed.started["session"] == run.started["session"]


def test_a_run_on_a_server(begin, postgres):
    place = postgres.database().replace("lab@", "lab:secret@")
    run = begin(trials=16, db=place)
    eventually(lambda: len(run.trials) >= 9)
    run._process.kill()
    run.wait(PATIENCE_S)
    assert "secret" not in f"{run.database} {run!r}"
    again = client.attach(place)
    assert again.wait(PATIENCE_S).status == "done", again
    again.close()
    records = stored(place, again)
    assert [r.number for r in records] == list(range(16))
    assert all(records[r.number] == r for r in run.trials)


def rests(run):
    """Whether no trial is told for a second; one that goes on tells hundreds."""
    count = len(run.trials)
    time.sleep(1.0)
    return len(run.trials) == count


def test_pause_resume_and_stop(begin, path):
    run = begin(trials=10_000, db=path)
    eventually(lambda: len(run.trials) >= 2)
    run.pause()
    eventually(lambda: run.status == "paused")
    eventually(lambda: run._process.poll() is None)
    eventually(lambda: rests(run))  # what was being measured is still told
    count = len(run.trials)
    run.resume()
    eventually(lambda: len(run.trials) > count)
    run.stop()
    assert run.wait(PATIENCE_S).status == "done"
    assert run.reason == "stopped"
    assert len(stored(path, run)) == len(run.trials)


def test_interrupts_are_not_heard(begin):
    run = begin(trials=16)
    eventually(lambda: len(run.trials) >= 1)
    os.killpg(run._process.pid, signal.SIGINT)
    assert run.wait(PATIENCE_S).status == "done"


def test_it_leaves_with_all_it_started_when_its_owner_goes(begin, path):
    run = begin(trials=10_000, db=path)
    eventually(lambda: len(run.trials) >= 2)
    descendants = [run._process.pid, *children_of(run._process.pid)]
    assert len(descendants) >= 3
    run._input.close()
    assert run.wait(PATIENCE_S).reason == "stopped"
    eventually(lambda: not alive(descendants))


def test_listeners_that_raise_do_no_harm(begin, caplog):
    run = begin(trials=8)
    heard = []

    def faulty(messages):
        raise RuntimeError("oops")

    run.listen(faulty)
    run.listen(heard.extend)
    run.wait(PATIENCE_S)
    eventually(lambda: any(m["type"] == "done" for m in heard))
    assert "a listener of a tuning run failed" in caplog.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"db": "/nowhere/at/all.db"}, "the folder /nowhere/at does not exist"),
        ({"template": "origami/cpu"}, "origami"),
    ],
)
def test_mistakes_come_out_as_one_sentence(begin, change, words):
    run = begin(**change)
    assert run.wait(PATIENCE_S).status == "failed"
    assert words in run.reason
    assert "\n" not in run.reason
    assert run.best is None
    assert len(run.records) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"xyz": 1}, "tune has no option 'xyz'; there are "),
        ({"trails": 3}, "tune has no option 'trails'; did you mean 'trials'"),
        ({"trials": 0}, "given trials=0; give a whole number, at least 1"),
        ({"trials": "10"}, "given trials='10'; give a whole number"),
        ({"seed": 2.5}, "given seed=2.5; give a whole number, at least 0"),
        ({"timeout_s": 0}, "given timeout_s=0; give seconds, above 0"),
        ({"protocol": 3}, "given protocol=3; give a Protocol of"),
        ({"explorer": "modl"}, "the explorer 'modl' is not known; did you mean 'model'"),
        ({"explorer": 3}, "the explorer 3 is not known; there are model"),
        ({"model": "xgboost"}, "the model 'xgboost' is not known; did you mean 'xgboost-"),
        ({"features": "stores"}, "the features 'stores' are not known; did you mean 'store'"),
        ({"diversity": "much"}, "a diversity of 'much' was asked for; give 0 or more"),
        ({"explorer": "grid", "model": "ridge"}, "'grid' uses no cost model"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_starts(options, words):
    with pytest.raises(UsageError, match=words):
        start(PRODUCT, **options)


def test_a_process_that_talks_nonsense_is_a_failed_run(monkeypatch):
    monkeypatch.setattr(run_module, "PROGRAM", ["-c", "print('hello')"])
    run = Run(Setup(to_json(PRODUCT), "matmul/cpu"))
    assert run.wait(PATIENCE_S).status == "failed"
    assert "makes no sense" in run.reason


def test_a_process_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr(run_module, "PROGRAM", ["-c", "import no_such_module"])
    run = Run(Setup(to_json(PRODUCT), "matmul/cpu"))
    assert run.wait(PATIENCE_S).status == "failed"
    assert "ended with code 1 and last said: ModuleNotFoundError" in run.reason


def test_only_messages_come_out_of_standard_output():
    """Whatever comes in first that is no start message is answered by one error line."""
    for line in ('{"type": "dance"}', 'nonsense\n[1]\n{"type": "stop"}'):
        ended = subprocess.run(
            [sys.executable, "-m", "tvmlab.tune.process"],
            input=line,
            capture_output=True,
            text=True,
            check=False,
        )
        (answer,) = ended.stdout.splitlines()
        assert json.loads(answer)["type"] == "error"
        assert ended.returncode == 2
        assert ended.stderr == ""


def test_no_message_at_all_is_no_error():
    ended = subprocess.run(
        [sys.executable, "-m", "tvmlab.tune.process"], input="", capture_output=True, check=False
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == (b"", b"", 0)


def test_sketches_are_searched_and_the_run_resumed(begin, path):
    first = begin(space="sketch", trials=8, db=path)
    first.wait(PATIENCE_S)
    assert first.status == "done", first.reason
    assert first.best is not None
    assert {r.config["sketch"] for r in first.trials} >= {"stage by stage", "tile(C)"}
    more = begin(space="sketch", trials=10, db=path, resume=True)
    more.wait(PATIENCE_S)
    assert more.status == "done", more.reason
    assert more.started["restored"] == 8
