"""A tuning database in one SQLite file: one writer, any number of readers.

Write-ahead log with `synchronous = FULL`: once a transaction is over it survives a kill and a power
cut, and a reader never waits. Whoever opens a bad file gets a DatabaseError of one sentence, and
the file is left as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tvmlab.errors import DatabaseError
from tvmlab.tune.schema import SINCE_2, TABLES, VERSION, objection
from tvmlab.tune.store import Row
from tvmlab.tune.version_1 import KEY, bring_up
from tvmlab.tune.writer_lock import WriterLock

APPLICATION_ID = 0x54564D4C
"""`TVML`: marks the file as ours."""

PATIENCE_S = 2.0
"""How long to wait for another program's lock before giving up."""


class SqliteStore:
    """The file `path`, or memory for None, as `tvmlab.tune.store.Store`; for one thread."""

    def __init__(self, path: Path | None, create: bool) -> None:
        self.name = "the database in memory" if path is None else f"the database {path}"
        self._path = path
        self._held: list[WriterLock] = []
        if path is not None:
            _require_place(path, create)
        with _told(self.name):
            self._connection = sqlite3.connect(path or ":memory:", PATIENCE_S, isolation_level=None)
            try:
                self._make_ready()
            except BaseException:
                self._connection.close()
                raise

    def rows(self, statement: str, **values: Any) -> list[Row]:
        """Carry out one statement; what it selects or returns."""
        with _told(self.name):
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; others that write meanwhile wait for `PATIENCE_S`."""
        with _told(self.name):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def hold(self, session: int) -> bool:
        """A lock on a file beside the database, gone with this process."""
        if self._path is None:
            return True
        lock = WriterLock(self._path.with_name(f"{self._path.name}-run{session}"))
        try:
            is_ours = lock.acquire()
        except OSError as error:
            raise DatabaseError(
                f"{self.name} cannot be written ({error.strerror}); check its permissions or give "
                "another file."
            ) from error
        if is_ours:
            self._held.append(lock)
        return is_ours

    def close(self) -> None:
        """Close the file and let go of the sessions held."""
        self._connection.close()
        for lock in self._held:
            lock.release()

    # ---- inside

    def _make_ready(self) -> None:
        """Ask for durability, and see that the file is ours and of this version."""
        ask = self._connection.execute
        if not ask("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            ask("PRAGMA journal_mode = WAL")
            with self.transaction():
                self._create_tables()
        elif ask("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise DatabaseError(f"{self.name} is a database of another program; give another file.")
        ask("PRAGMA synchronous = FULL")
        version = self._version()
        if (wrong := objection(version)) is not None:
            raise DatabaseError(f"{self.name} {wrong}.")
        if version < VERSION:
            with self.transaction():  # foreign keys are off: a table they name is made anew
                if self._version() == version:  # or another was faster
                    bring_up_from(version, self._connection)
                    ask(f"PRAGMA user_version = {VERSION}")
        ask("PRAGMA foreign_keys = ON")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _create_tables(self) -> None:
        """In one transaction, so a killed attempt leaves nothing; not where another was faster."""
        ask = self._connection.execute
        if not ask("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in TABLES:
                ask(statement.format(id=KEY))
            ask(f"PRAGMA application_id = {APPLICATION_ID}")
            ask(f"PRAGMA user_version = {VERSION}")


def bring_up_from(version: int, connection: sqlite3.Connection) -> None:
    """Make the tables of this version of those of an earlier one, with foreign keys off."""
    if version < 2:
        bring_up(connection)
    connection.execute(SINCE_2)


def _require_place(path: Path, create: bool) -> None:
    if path.is_dir():
        raise DatabaseError(f"the database {path} is a folder; give the name of a file.")
    if not path.exists() and not create:
        raise DatabaseError(f"the database {path} does not exist; check the name.")
    if not path.parent.is_dir():
        raise DatabaseError(
            f"the database {path} cannot be made because the folder {path.parent} does not "
            "exist; make it first."
        )


@contextmanager
def _told(name: str) -> Iterator[None]:
    """SQLite's exceptions as one sentence about the database `name`."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise DatabaseError(
            f"{name} already holds one of these trials ({error}); another run writes to the same "
            "session: stop one of them."
        ) from error
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            why = "is locked by another program; close that program or give another file"
        elif "not a database" in text:
            why = "is not a database; give another file"
        elif "readonly" in text or "unable to open" in text:
            why = f"cannot be written ({text}); check its permissions or give another file"
        elif "full" in text:
            why = "cannot grow because the disk is full; make room"
        else:
            why = f"cannot be used ({text}); it may be damaged: restore a copy or give another file"
        raise DatabaseError(f"{name} {why}.") from error
