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

from tvmlab.errors import DatabaseError
from tvmlab.tune.schema import VERSION, objection
from tvmlab.tune.sqlite_connection import SqliteConnection
from tvmlab.tune.sqlite_store import bring_up_from

CAUTIONS = ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON")
"""A stranger's tables may be views of anything: they get no function that does something."""


class ReadOnlyStore(SqliteConnection):
    """The file `path`, as `tvmlab.tune.store.Store` that refuses to write; for one thread."""

    when_locked = "look again when that is done"
    otherwise = "open another file"

    def __init__(self, path: Path) -> None:
        name = f"the database {path.name}"
        if not path.is_file():
            raise DatabaseError(f"{name} is no file; check the name.")
        super().__init__(name, _address(path), uri=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """None: nothing is written."""
        raise DatabaseError(f"{self.name} is only looked at; open it to write to it.")
        yield

    def hold(self, session: int) -> bool:
        """Never: nothing is written."""
        return False

    def _make_ready(self) -> None:
        """See that the file is ours; one of an earlier version is brought up in memory."""
        self._require_ours()
        version = self._pragma("user_version")
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
