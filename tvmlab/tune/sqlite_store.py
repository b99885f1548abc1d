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

from tvmlab.errors import DatabaseError
from tvmlab.tune import store
from tvmlab.tune.schema import SINCE_2, TABLES, VERSION, objection
from tvmlab.tune.sqlite_connection import APPLICATION_ID, SqliteConnection
from tvmlab.tune.version_1 import KEY, bring_up
from tvmlab.tune.writer_lock import WriterLock


class SqliteStore(SqliteConnection):
    """The file `path`, or memory for None, as `tvmlab.tune.store.Store`; for one thread."""

    when_locked = "close that program or give another file"
    otherwise = "give another file"

    def __init__(self, path: Path | None, create: bool) -> None:
        self._path = path
        self._held: list[WriterLock] = []
        if path is not None:
            _require_place(path, create)
        name = "the database in memory" if path is None else f"the database {path}"
        super().__init__(name, path or ":memory:")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; others that write meanwhile wait as `tvmlab.tune.store` says."""
        with self._told():
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
            self.rows(f"PRAGMA busy_timeout = {round(store.HOLDER_PATIENCE_S * 1000)}")
        return is_ours

    def close(self) -> None:
        """Close the file and let go of the sessions held."""
        super().close()
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
        self._require_ours()
        ask("PRAGMA synchronous = FULL")
        version = self._pragma("user_version")
        if (wrong := objection(version)) is not None:
            raise DatabaseError(f"{self.name} {wrong}.")
        if version < VERSION:
            with self.transaction():  # foreign keys are off: a table they name is made anew
                if self._pragma("user_version") == version:  # or another was faster
                    bring_up_from(version, self._connection)
                    ask(f"PRAGMA user_version = {VERSION}")
        ask("PRAGMA foreign_keys = ON")

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
