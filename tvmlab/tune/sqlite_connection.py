"""One connection to a tuning database in SQLite, and what SQLite has to object to, in words."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from tvmlab.errors import DatabaseError
from tvmlab.tune import store
from tvmlab.tune.store import Row

APPLICATION_ID = 0x54564D4C
"""`TVML`: marks the file as ours."""


class SqliteConnection(ABC):
    """What stores in SQLite share; for one thread.

    Attributes:
        name: of the database, as sentences begin with it.
    """

    when_locked: ClassVar[str]
    """What would do where another program holds the file."""

    otherwise: ClassVar[str]
    """What would do where this file will not."""

    def __init__(self, name: str, database: Path | str, *, uri: bool = False) -> None:
        self.name = name
        with self._told():
            self._connection = sqlite3.connect(
                database, store.PATIENCE_S, isolation_level=None, uri=uri
            )
            try:
                self._make_ready()
            except BaseException:
                self._connection.close()
                raise

    def rows(self, statement: str, **values: Any) -> list[Row]:
        """Carry out one statement; what it selects or returns."""
        with self._told():
            return self._connection.execute(statement, values).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @abstractmethod
    def _make_ready(self) -> None:
        """See that the file is ours and of a version that can be used."""

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _require_ours(self) -> None:
        if self._pragma("application_id") != APPLICATION_ID:
            raise DatabaseError(f"{self.name} is a database of another program; {self.otherwise}.")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's exceptions as one sentence."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise DatabaseError(
                f"{self.name} already holds one of these trials ({error}); another run writes to "
                "the same session: stop one of them."
            ) from error
        except sqlite3.DatabaseError as error:
            raise DatabaseError(f"{self.name} {self._objection(str(error))}.") from error

    def _objection(self, text: str) -> str:
        if "locked" in text or "busy" in text:
            return f"is locked by another program; {self.when_locked}"
        if "not a database" in text:
            return f"is not a database; {self.otherwise}"
        if "readonly" in text or "unable to open" in text:
            return f"cannot be opened ({text}); check its permissions or {self.otherwise}"
        if "full" in text:
            return "cannot grow because the disk is full; make room"
        damaged = f"it may be damaged: restore a copy or {self.otherwise}"
        return f"cannot be used ({text}); {damaged}"
