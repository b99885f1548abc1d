"""What every store of a tuning database must do: a file, memory, and a PostgreSQL server."""

import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.patience import PATIENCE_S, eventually
from tests.tune.spaces import WORKLOAD
from tvmlab.errors import DatabaseError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.tune import database as module
from tvmlab.tune import store
from tvmlab.tune.database import Database, StoredSession
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup

SETUP = Setup(WORKLOAD, "matmul/cpu", trials=8, batch=4)
CRASH = failure("crash", "run", "the process was killed by SIGSEGV", total_s=0.25)
HERE, THERE = {"kind": "cpu", "cores": 2}, {"kind": "cpu", "cores": 64}


def record(number, outcome=None, time_s=1.0, verified=True):
    outcome = outcome or Outcome("ok", "time", "", (time_s, time_s), 0.5, 0.75, verified)
    config = {"tile": (4, 16), "inner": "rows", "parallel": True, "depth": 64}
    return Record(number, 10**30 + number, config, [{"step": "split"}], 0.1 + 0.2, outcome)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    """Where a new database is to be: a file, or a server's database."""
    if request.param == "sqlite":
        return tmp_path / "run.db"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def database(place):
    with Database.open(place) as opened:
        yield opened


def test_records_come_back_as_they_were(database, place):
    session = database.begin(SETUP, {"python": "3.11"}, HERE)
    records = [record(1), record(0, CRASH), record(2, failure("illegal", "replay", "no"))]
    database.append(session, records)
    with Database.open(place, create=False) as again:
        for opened in (database, again):
            assert opened.records(session) == sorted(records, key=lambda r: r.number)
        assert again.session() == StoredSession(session, SETUP, {"python": "3.11"}, HERE, None)


@pytest.mark.parametrize("reason", ["ünïcode \U0001f600", "a zero \0 inside", "half \ud800 of two"])
def test_reasons_of_any_kind_are_stored(database, reason):
    session = database.begin(SETUP, {})
    database.append(session, [record(0, failure("crash", "run", reason))])
    [kept] = database.records(session)
    assert kept.outcome.reason == reason.replace("\0", "\\0").replace("\ud800", "\\ud800")


def test_the_best_is_the_fastest_verified_over_all_sessions(database):
    one, two = database.begin(SETUP, {}), database.begin(SETUP, {})
    assert database.best(WORKLOAD, "cpu") is None
    database.append(one, [record(0, time_s=2.0), record(1, CRASH)])
    database.append(two, [record(0, time_s=0.5, verified=False), record(1, time_s=1.0)])
    too_fast = Outcome("implausible", "time", "too fast", (1e-9,), verified=True)
    database.append(two, [record(2, too_fast), record(3, time_s=1.0)])
    best = database.best(WORKLOAD, "cpu")
    assert (best.number, best.median_s) == (1, 1.0)
    assert database.best(WORKLOAD, "opencl") is None
    assert database.best(WORKLOAD | {"outputs": [1]}, "cpu") is None


def test_the_best_of_another_machine_is_not_this_ones(database):
    here, there = database.begin(SETUP, {}, HERE), database.begin(SETUP, {}, THERE)
    unknown = database.begin(SETUP, {})
    database.append(there, [record(0, time_s=0.1)])
    database.append(unknown, [record(1, time_s=0.01)])
    assert database.best(WORKLOAD, "cpu", HERE) is None
    database.append(here, [record(2, time_s=0.2)])
    assert database.best(WORKLOAD, "cpu", HERE).number == 2
    assert database.best(WORKLOAD, "cpu", THERE).number == 0
    assert database.best(WORKLOAD, "cpu").number == 1
    assert database.best(WORKLOAD, "cpu", {"kind": "gpu"}) is None
    assert database.devices(WORKLOAD, "cpu") == [HERE, THERE, {}]


def test_equal_workloads_devices_and_environments_are_one_row_each(database):
    database.begin(SETUP, {"a": 1, "b": 2}, HERE)
    database.begin(Setup(dict(reversed(WORKLOAD.items())), "other"), {"b": 2, "a": 1}, HERE)
    for table in ("workload", "environment", "device"):
        assert database._store.rows(f"SELECT count(*) FROM {table}") == [(1,)]


def test_workloads_of_one_hash_are_told_apart_by_their_text(database, monkeypatch):
    monkeypatch.setattr(module, "workload_hash", lambda workload: "0")
    monkeypatch.setattr(module, "digest", lambda data: "0")
    one = database.begin(SETUP, {}, HERE)
    database.append(one, [record(0)])
    other = WORKLOAD | {"outputs": [7]}
    database.begin(Setup(other, "matmul/cpu"), {}, THERE)
    assert database.best(other, "cpu") is None
    assert database.best(WORKLOAD, "cpu", THERE) is None
    assert database.best(WORKLOAD, "cpu", HERE).number == 0


def test_a_session_is_found_again_by_its_setup_and_its_machine(database):
    assert database.resumable(SETUP, HERE) is None
    session = database.begin(SETUP, {}, HERE)
    database.begin(Setup(WORKLOAD, "matmul/cpu", seed=1, trials=8), {}, HERE)
    database.begin(Setup(WORKLOAD, "conv2d/cpu", trials=8), {}, HERE)
    database.begin(SETUP, {}, THERE)
    assert database.resumable(SETUP, HERE).id == session
    longer = Setup(WORKLOAD, "matmul/cpu", trials=100)
    assert database.resumable(longer, HERE).id == session
    assert database.resumable(Setup(WORKLOAD, "matmul/cpu", explorer="random"), HERE) is None


def test_the_latest_session_is_the_one_without_a_number(database):
    with pytest.raises(DatabaseError, match="holds no run; look"):
        database.session()
    database.begin(SETUP, {})
    last = database.begin(Setup(WORKLOAD, "conv2d/cpu"), {})
    assert database.session().id == last
    with pytest.raises(DatabaseError, match="holds no run 99; look"):
        database.session(99)


def test_a_run_goes_on_as_it_was_settled_when_it_began(database):
    asked = Setup(WORKLOAD, "matmul/cpu", trials=100)
    database.begin(replace(asked, batch=12, ahead=5), {}, HERE)
    stored = database.resumable(replace(asked, trials=200), HERE).setup
    assert replace(asked, trials=200).going_on(stored) == replace(stored, trials=200)
    # A setup from before sessions thought ahead says nothing of it.
    assert "ahead" not in SETUP.to_json()
    assert (SETUP.going_on(SETUP).ahead, SETUP.ahead) == (0, None)
    assert Setup.from_json(replace(SETUP, ahead=0).to_json()).ahead == 0


def test_a_trial_is_stored_once_and_the_rest_of_its_batch_not_at_all(database):
    session = database.begin(SETUP, {})
    database.append(session, [record(0)])
    with pytest.raises(DatabaseError, match="already holds one of these trials"):
        database.append(session, [record(1), record(0)])
    assert [r.number for r in database.records(session)] == [0]
    database.append(session, [record(1)])
    assert len(database.records(session)) == 2


def test_times_and_ending_of_a_session_are_kept(place):
    moments = iter([100.0, 101.0, 102.0])
    with Database.open(place, clock=lambda: next(moments)) as database:
        session = database.begin(SETUP, {})
        database.append(session, [record(0)])
        database.end(session, "every trial is done")
        asked = "SELECT began_at, ended_at, ending FROM session"
        assert database._store.rows(asked) == [(100.0, 102.0, "every trial is done")]
        database.reopen(session)
        assert database._store.rows(asked) == [(100.0, None, None)]


def test_texts_made_of_a_trial_are_kept_and_replaced(database):
    session = database.begin(SETUP, {})
    database.append(session, [record(0)])
    database.keep(session, 0, {"program": "for y: ...", "code": "define void"})
    database.keep(session, 0, {"program": "for x: ..."})
    assert database.artifacts(session, 0) == {"program": "for x: ...", "code": "define void"}
    with pytest.raises(DatabaseError, match="holds no trial 7 of run"):
        database.keep(session, 7, {"program": ""})


def test_a_trial_of_no_session_is_refused(database):
    with pytest.raises(DatabaseError):
        database.append(99, [record(0)])


WRITER = """
import sys
import threading
from tvmlab.tune.database import Database
database = Database.open(sys.argv[1], create=False)
database.hold(int(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_session_has_one_writer_at_a_time(database, place):
    session, other = database.begin(SETUP, {}), database.begin(SETUP, {})
    command = [sys.executable, "-c", WRITER, str(place), str(session)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"held\n"
        with pytest.raises(DatabaseError, match=f"run {session} of .* is being written by another"):
            database.hold(session)
        database.hold(other)
        database.append(session, [])  # other sessions, and readers, are not concerned
        writer.kill()

    def is_ours():  # a server hears of the end of a program a moment late
        with suppress(DatabaseError):
            database.hold(session)
            return True

    eventually(is_ours)


def test_a_program_that_writes_just_now_is_waited_for_and_told(database, place, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE_S", 0.05)
    session = database.begin(SETUP, {})
    with Database.open(place) as other:
        with database._store.transaction(), pytest.raises(DatabaseError, match="is locked by ano"):
            other.append(session, [record(0)])
        assert other.records(session) == []
        other.append(session, [record(0)])
        assert len(other.records(session)) == 1


def test_who_holds_a_session_waits_longer_for_what_it_measured(place, monkeypatch):
    """A run of hours once ended because another program wrote for three seconds."""
    monkeypatch.setattr(store, "PATIENCE_S", 0.05)
    with Database.open(place) as run:
        session = run.begin(SETUP, {})
        run.hold(session)
        writes, is_told = threading.Event(), threading.Event()

        def write():
            with Database.open(place) as other, other._store.transaction():
                writes.set()
                is_told.wait(0.5)

        writer = threading.Thread(target=write)
        writer.start()
        assert writes.wait(PATIENCE_S)
        run.append(session, [record(0)])
        assert [r.number for r in run.records(session)] == [0]
        writer.join()


def test_a_newer_version_is_refused(place):
    with Database.open(place) as database:
        if str(place).startswith("postgresql"):
            database._store.rows("UPDATE version SET number = 4")
        else:
            database._store.rows("PRAGMA user_version = 4")
    with pytest.raises(DatabaseError, match="has version 4 and this tvmlab reads up to 3"):
        Database.open(place)


def test_version_2_is_brought_up(place):
    with Database.open(place) as database:
        session = database.begin(SETUP, {})
        database.append(session, [record(0)])
        database._store.rows("ALTER TABLE measurement DROP COLUMN device")
        if str(place).startswith("postgresql"):
            database._store.rows("UPDATE version SET number = 2")
        else:
            database._store.rows("PRAGMA user_version = 2")
    for _ in range(2):
        with Database.open(place) as database:
            assert [r.outcome.device for r in database.records(session)] == [""]


def test_a_database_in_memory_needs_no_file():
    with Database.open(None) as database:
        session = database.begin(SETUP, {})
        database.hold(session)
        database.append(session, [record(0)])
        assert len(database.records(session)) == 1


def test_sessions_are_summed_up_and_trials_know_their_moments(place):
    clock = iter(range(100, 200))
    with Database.open(place, clock=lambda: next(clock)) as database:
        first, second = (database.begin(SETUP, {}) for _ in range(2))
        unverified = record(2, time_s=0.5, verified=False)
        database.append(first, [record(0, time_s=3.0), record(1, CRASH), unverified])
        database.append(first, [record(3, time_s=2.0)])
        empty = database.begin(SETUP, {})
        database.append(second, [record(0, CRASH)])
        assert database.tallies() == {first: (4, 1, 2.0), second: (1, 1, None)}
        moments = database.moments(first)
        assert list(moments.values()) == sorted(moments.values())
        assert set(moments) == {0, 1, 2, 3}
        assert database.moments(empty) == {}
