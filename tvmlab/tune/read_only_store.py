"""A tuning database that is only looked at: neither it nor anything beside it is written or held.

A file that nobody writes is read as immutable, without a lock and without the files that SQLite
would otherwise make beside it; one with a log of what was written last is read together with that
log, and its writer never waits. Each look should be short: what was read is of that moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tvmlab.errors import DatabaseError
from tvmlab.tune.schema import VERSION, objection
from tvmlab.tune.sqlite_store import APPLICATION_ID, PATIENCE_S, bring_up_from
from tvmlab.tune.store import Row

CAUTIONS = ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON")
"""A stranger's tables may be views of anything: they get no function that does something."""


class ReadOnlyStore:
    """The file `path`, as `tvmlab.tune.store.Store` that refuses to write; for one thread."""

    def __init__(self, path: Path) -> None:
        self.name = f"the database {path.name}"
        if not path.is_file():
            raise DatabaseError(f"{self.name} is no file; check the name.")
        with _told(self.name):
            self._connection = sqlite3.connect(
                _address(path), PATIENCE_S, isolation_level=None, uri=True
            )
            try:
                self._make_ready()
            except BaseException:
                self._connection.close()
                raise

    def rows(self, statement: str, **values: Any) -> list[Row]:
        """Carry out one statement that selects."""
        with _told(self.name):
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """None: nothing is written."""
        raise DatabaseError(f"{self.name} is only looked at; open it to write to it.")
        yield

    def hold(self, session: int) -> bool:
        """Never: nothing is written."""
        return False

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _make_ready(self) -> None:
        """See that the file is ours; one of an earlier version is brought up in memory."""
        ask = self._connection.execute
        if ask("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise DatabaseError(f"{self.name} is a database of another program; open another file.")
        version = int(ask("PRAGMA user_version").fetchone()[0])
        if (wrong := objection(version)) is not None:
            raise DatabaseError(f"{self.name} {wrong}.")
        if version < VERSION:
            copy = sqlite3.connect(":memory:", isolation_level=None)
            self._connection.backup(copy)
            self._connection.close()
            self._connection = copy
            bring_up_from(version, copy)
        for caution in CAUTIONS:
            self._connection.execute(f"PRAGMA {caution}")


def _address(path: Path) -> str:
    """How SQLite is told to open `path`."""
    logs = [path.with_name(path.name + end) for end in ("-wal", "-journal")]
    is_written = any(log.is_file() and log.stat().st_size > 0 for log in logs)
    return f"{path.absolute().as_uri()}?mode=ro{'' if is_written else '&immutable=1'}"


@contextmanager
def _told(name: str) -> Iterator[None]:
    """SQLite's exceptions as one sentence about the database `name`."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            why = "is locked by another program; look again when that is done"
        elif "not a database" in text:
            why = "is not a database; open another file"
        else:
            why = f"cannot be read ({text}); it may be damaged: restore a copy or open another file"
        raise DatabaseError(f"{name} {why}.") from error
