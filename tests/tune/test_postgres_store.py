"""What is special to a database on a PostgreSQL server: addresses, rights, passwords, its end."""

import sys

import pytest

from tests.tune.postgres import PASSWORD, server
from tests.tune.test_database import SETUP, record
from tvmlab.errors import DatabaseError
from tvmlab.tune.database import Database
from tvmlab.tune.store import is_address, shown


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("run.db", "run.db"),
        ("postgresql://me@host/runs", "postgresql://me@host/runs"),
        ("postgresql://me:secret@host:5432/runs", "postgresql://me:***@host:5432/runs"),
        ("postgres://me:a%40b%2Fc@host/runs", "postgres://me:***@host/runs"),
        ("postgresql://host/runs?password=secret", "postgresql://host/runs?..."),
        ("postgresql+psycopg://:secret@host/runs", "postgresql+psycopg://:***@host/runs"),
        ("postgresql://me:se[cret@host/runs", "postgresql://..."),
        ("postgresql://me:se/cret@host/runs", "postgresql://..."),
        ("postgresql://me:1?cret@host/runs", "postgresql://..."),
        ("postgresql://me@host:secret/runs", "postgresql://..."),
        ("postgresql://@/runs?host=/tmp", "postgresql:///runs?..."),
    ],
)
def test_a_database_is_shown_without_its_password(place, words):
    assert shown(place) == words
    assert is_address(place) == (place != "run.db")


def test_a_file_may_have_a_servers_name():
    assert not is_address("postgresql")
    assert not is_address("/data/postgres/run.db")
    assert not is_address("C:\\runs.db")


@pytest.mark.parametrize("library", ["sqlalchemy", "psycopg"])
def test_what_is_missing_is_named(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(DatabaseError, match=f"needs the package {library}.*tvmlab.postgres"):
        Database.open("postgresql://me:secret@host/runs")


def told(place):
    with pytest.raises(DatabaseError) as caught:
        Database.open(place)
    words = str(caught.value)
    assert "secret" not in words
    assert "\n" not in words
    assert words.endswith(".")
    return words


def test_a_server_that_is_not_there_is_told(tmp_path):
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("psycopg")
    words = told(f"postgresql://me:secret@/runs?host={tmp_path}")
    assert "cannot be reached; see that the server runs" in words
    assert "no address that can be read" in told("postgresql://me:secret@host:secret/runs")


def test_a_database_that_is_not_there_is_told(postgres):
    assert "does not exist on that server" in told(postgres.address("nothing", password="secret"))


def test_nothing_is_made_where_nothing_is_to_be_made(postgres):
    place = postgres.database()
    with pytest.raises(DatabaseError, match="holds no tuning runs"):
        Database.open(place, create=False)
    Database.open(place).close()
    Database.open(place, create=False).close()


def test_the_tables_of_others_are_left_alone(postgres):
    import psycopg

    place = postgres.database()
    with psycopg.connect(place, autocommit=True) as other:
        other.execute("CREATE TABLE session(mine text)")
        with Database.open(place) as database:
            row = database.begin(SETUP, {})
            database.append(row, [record(0)])
        assert other.execute("SELECT count(*) FROM session").fetchone() == (0,)
        assert other.execute("SELECT count(*) FROM tvmlab.session").fetchone() == (1,)


def test_one_who_may_only_read_is_told(postgres):
    import psycopg

    place = postgres.database()
    Database.open(place).close()
    with psycopg.connect(place, autocommit=True) as owner:
        owner.execute("CREATE ROLE reader LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA tvmlab TO reader")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA tvmlab TO reader")
    with Database.open(place.replace("lab@", "reader@"), create=False) as database:
        assert database.sessions() == []
        with pytest.raises(DatabaseError, match="must not be written by this user"):
            database.begin(SETUP, {})


def test_a_wrong_password_is_told_and_never_shown():
    with server() as guarded:
        place = guarded.database()
        name = place.partition("@/")[2].partition("?")[0]
        Database.open(place).close()
        import psycopg

        with psycopg.connect(place, autocommit=True) as owner:
            owner.execute(f"ALTER ROLE lab PASSWORD '{PASSWORD}'")
        (guarded.folder / "data" / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        guarded.control("reload")
        written = PASSWORD.replace(":", "%3A").replace("/", "%2F").replace("@", "%40")
        right = guarded.address(name, password=written)
        database = Database.open(right)
        row = database.begin(SETUP, {})
        assert "user or password is wrong" in told(guarded.address(name, password="secret"))
        guarded.control("-m", "immediate", "stop")
        with pytest.raises(DatabaseError) as caught:
            database.append(row, [record(0)])
        assert "was shut down" in str(caught.value) or "cannot be reached" in str(caught.value)
        database.close()
        guarded.control("start")
        with Database.open(right) as again:
            assert again.records(row) == []
            again.append(row, [record(0)])
