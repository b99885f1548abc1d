"""What is special to a database in a SQLite file: durability, bad files, files of version 1."""

import sqlite3
from pathlib import Path

import pytest

from tests.tune.test_database import HERE, SETUP, record
from tvmlab.errors import DatabaseError
from tvmlab.tune import sqlite_store, store
from tvmlab.tune.database import Database

VERSION_1 = Path(__file__).with_name("version1.sql")
"""What version 1 wrote: two runs of a small product, as `.dump` and its pragmas."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.db"


@pytest.fixture
def database(path):
    with Database.open(path) as opened:
        yield opened


@pytest.fixture
def version_1(path):
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1.read_text())
    connection.close()
    return path


def dumped(path):
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())


def tables(path):
    """What each is made by; names of types that SQLite takes for the same are the same here."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: plain(sql) for name, sql in rows}


def plain(sql):
    sql = sql.replace('"', "").replace("BIGINT", "INTEGER").replace("DOUBLE PRECISION", "REAL")
    return " ".join(sql.split())


def test_a_file_of_version_1_is_looked_at_and_left_as_it_is(version_1):
    before = version_1.read_bytes()
    with Database.look(version_1) as database:
        first, second = database.sessions()
        found = database.arrivals(second.id)
        numbers = [arrival.record.number for arrival in found]
        assert sorted(numbers) == list(range(4))
        assert numbers == sorted(numbers, key=database.moments(second.id).__getitem__)
        assert [a.row for a in database.arrivals(second.id, found[1].row, 1)] == [found[2].row]
        kept = database.record(first.id, 0)
        assert kept.trace == database.records(first.id)[0].trace
        assert database.record(first.id, 10**6) is None
        with pytest.raises(DatabaseError, match="only looked at"):
            database.end(first.id, "over")
    assert version_1.read_bytes() == before
    assert list(version_1.parent.iterdir()) == [version_1]


def test_a_file_of_version_1_is_brought_up(version_1, tmp_path):
    with sqlite3.connect(version_1) as old:
        times = old.execute("SELECT median_s FROM measurement ORDER BY id").fetchall()
    with Database.open(version_1, create=False) as database:
        first, second = database.sessions()
        assert (first.setup.seed, second.setup.seed) == (0, 1)
        assert first.ending == second.ending == "every trial is done"
        assert first.environment["cores"] == 2
        assert first.device == {"version_1": {"cores": 2, "processor": "x86_64"}}
        records = database.records(first.id) + database.records(second.id)
        assert sorted(r.outcome.median_s for r in records) == sorted(time for (time,) in times)
        assert database.best(first.setup.workload, "cpu", HERE) is None
        best = database.best(first.setup.workload, "cpu")
        assert best.median_s == min(r.median_s for r in records if r.can_be_best)
        row = database.begin(first.setup, {}, HERE)
        database.append(row, records[:1])
    Database.open(tmp_path / "new.db").close()
    assert tables(version_1) == tables(tmp_path / "new.db")
    with sqlite3.connect(version_1) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)


def test_bringing_up_is_whole_or_not_at_all(version_1, monkeypatch):
    before = dumped(version_1)

    def cut_short(connection):
        connection.execute("DROP VIEW best")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite_store, "bring_up", cut_short)
    with pytest.raises(DatabaseError, match="the disk is full"):
        Database.open(version_1)
    monkeypatch.undo()
    assert dumped(version_1) == before
    with Database.open(version_1) as database:
        assert len(database.sessions()) == 2


def test_durability_is_asked_for(database):
    ask = database._store.rows
    assert ask("PRAGMA journal_mode") == [("wal",)]
    assert ask("PRAGMA synchronous") == [(2,)]  # FULL
    assert ask("PRAGMA foreign_keys") == [(1,)]


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


def test_a_locked_new_file_is_told_so(path, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE_S", 0.05)
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
    pages = database._store.rows("PRAGMA page_count")[0][0]
    database._store.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError, match="the disk is full"):
        database.append(session, [record(n) for n in range(1000)])
    assert database.records(session) == []


def test_a_lock_file_left_by_a_kill_is_no_obstacle(path, database):
    session = database.begin(SETUP, {})
    lock = path.with_name(f"run.db-run{session}")
    lock.touch()
    database.hold(session)
    assert lock.exists()
    database.close()
    assert not lock.exists()
