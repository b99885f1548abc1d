import sqlite3
from dataclasses import replace

import pytest

from tests.tune.spaces import WORKLOAD
from tvmlab.errors import DatabaseError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.tune import database as module
from tvmlab.tune.database import Database
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup

SETUP = Setup(WORKLOAD, "matmul/cpu", trials=8, batch=4)
CRASH = failure("crash", "run", "the process was killed by SIGSEGV", total_s=0.25)


def record(number, outcome=None, time_s=1.0, verified=True):
    outcome = outcome or Outcome("ok", "time", "", (time_s, time_s), 0.5, 0.75, verified)
    config = {"tile": (4, 16), "inner": "rows", "parallel": True, "depth": 64}
    return Record(number, 10**30 + number, config, [{"step": "split"}], 0.1 + 0.2, outcome)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


@pytest.fixture
def database(path):
    with Database.open(path) as opened:
        yield opened


def test_records_come_back_as_they_were(database, path):
    session = database.begin(SETUP, {"cores": 2})
    records = [record(1), record(0, CRASH), record(2, failure("illegal", "replay", "no"))]
    database.append(session, records)
    for opened in (database, Database.open(path, create=False)):
        assert opened.records(session) == sorted(records, key=lambda r: r.number)


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


def test_equal_workloads_are_one_row(database, path):
    database.begin(SETUP, {})
    database.begin(Setup(dict(reversed(WORKLOAD.items())), "other"), {})
    assert sqlite3.connect(path).execute("SELECT count(*) FROM workload").fetchone() == (1,)


def test_workloads_of_one_hash_are_told_apart_by_their_text(database, monkeypatch):
    monkeypatch.setattr(module, "workload_hash", lambda workload: "0")
    one = database.begin(SETUP, {})
    database.append(one, [record(0)])
    other = WORKLOAD | {"outputs": [7]}
    database.begin(Setup(other, "matmul/cpu"), {})
    assert database.best(other, "cpu") is None
    assert database.best(WORKLOAD, "cpu").number == 0


def test_a_session_is_found_again_by_its_setup(database):
    assert database.resumable(SETUP) is None
    session = database.begin(SETUP, {})
    database.begin(Setup(WORKLOAD, "matmul/cpu", seed=1, trials=8), {})
    database.begin(Setup(WORKLOAD, "conv2d/cpu", trials=8), {})
    assert database.resumable(SETUP).id == session
    longer = Setup(WORKLOAD, "matmul/cpu", trials=100)
    assert database.resumable(longer).id == session
    assert database.resumable(longer).setup == SETUP
    assert database.resumable(Setup(WORKLOAD, "matmul/cpu", explorer="random")) is None


def test_a_run_goes_on_as_it_was_settled_when_it_began(database):
    asked = Setup(WORKLOAD, "matmul/cpu", trials=100)
    database.begin(replace(asked, batch=12, ahead=5), {})
    stored = database.resumable(replace(asked, trials=200)).setup
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


def test_times_and_ending_of_a_session_are_kept(path):
    moments = iter([100.0, 101.0, 102.0])
    with Database.open(path, clock=lambda: next(moments)) as database:
        session = database.begin(SETUP, {"cores": 2})
        database.append(session, [record(0)])
        database.end(session, "every trial is done")
    row = sqlite3.connect(path).execute(
        "SELECT began_at, ended_at, ending, environment FROM session"
    )
    assert row.fetchone() == (100.0, 102.0, "every trial is done", '{"cores":2}')


def test_a_database_in_memory_needs_no_file():
    with Database.open(None) as database:
        session = database.begin(SETUP, {})
        database.append(session, [record(0)])
        assert len(database.records(session)) == 1


def test_durability_is_asked_for(database):
    ask = database._connection.execute
    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ask("PRAGMA synchronous").fetchone() == (2,)  # FULL


# ---- bad files


def test_a_missing_file_is_named(path):
    with pytest.raises(DatabaseError, match=r"run\.db does not exist; check the name"):
        Database.open(path, create=False)
    assert not path.exists()


def test_a_missing_folder_is_named(path):
    with pytest.raises(DatabaseError, match=r"the folder .*nowhere does not exist"):
        Database.open(path.parent / "nowhere" / "run.db")


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(DatabaseError, match="is a folder"):
        Database.open(tmp_path)


def test_a_file_of_another_kind_is_left_alone(path):
    path.write_text("a diary, not a database\n" * 100)
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="is not a database; give another file"):
        Database.open(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes(name)")
    with pytest.raises(DatabaseError, match="is a database of another program"):
        Database.open(path)
    tables = sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("recipes",)]


def test_a_newer_version_is_refused(path):
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(DatabaseError, match="has version 2 and this tvmlab reads up to 1"):
        Database.open(path)


def test_a_locked_database_is_told_so(path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    with Database.open(path) as database:
        session = database.begin(SETUP, {})
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="is locked by another program"):
            database.append(session, [record(0)])
        assert database.records(session) == []  # readers never wait
        other.execute("ROLLBACK")
        other.close()
        database.append(session, [record(0)])
        assert len(database.records(session)) == 1


def test_a_locked_new_file_is_told_so(path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseError, match="is locked by another program"):
        Database.open(path)
    other.close()


def test_a_damaged_database_is_told_so(path):
    with Database.open(path) as database:
        session = database.begin(SETUP, {})
        database.append(session, [record(n) for n in range(200)])
    content = bytearray(path.read_bytes())
    content[5000:] = b"\xff" * len(content[5000:])
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="may be damaged"):
        Database.open(path).records(session)


def test_a_full_disk_is_told_so(database):
    session = database.begin(SETUP, {})
    pages = database._connection.execute("PRAGMA page_count").fetchone()[0]
    database._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError, match="the disk is full"):
        database.append(session, [record(n) for n in range(1000)])
    assert database.records(session) == []
