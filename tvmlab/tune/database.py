"""Every trial ever made, in one SQLite file: one writer, any number of readers.

Write-ahead log with `synchronous = FULL`: once `append` returns, the records survive a kill and a
power cut, and a reader never waits. Whoever opens a bad file gets a DatabaseError of one sentence,
and the file is left as it was.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tvmlab.errors import DatabaseError
from tvmlab.measure.canonical import canonical
from tvmlab.measure.outcome import Outcome
from tvmlab.te.serial import workload_hash
from tvmlab.tune.record import Record
from tvmlab.tune.schema import create_tables, objection
from tvmlab.tune.setup import SETTLED, Setup

PATIENCE_S = 2.0
"""How long to wait for another program's lock before giving up."""

_RECORD = """SELECT trial.number, config_index, config, trace, predicted_s,
    status, stage, reason, times_s, build_s, total_s, verified
    FROM trial JOIN measurement ON trial_id = trial.id"""

Clock = Callable[[], float]


class StoredSession(NamedTuple):
    """A run as it is stored: its id, what was asked, where it ran, and why it ended, if it did."""

    id: int
    setup: Setup
    environment: dict[str, Any]
    ending: str | None


class Database:
    """A tuning database; a context manager that closes it. Use it from one thread."""

    def __init__(self, connection: sqlite3.Connection, name: str, clock: Clock) -> None:
        self._connection = connection
        self._name = name
        self._clock = clock

    @classmethod
    def open(
        cls, path: str | Path | None, *, create: bool = True, clock: Clock = time.time
    ) -> Database:
        """The database in the file `path`, or a new one in memory for None.

        Raises:
            DatabaseError: the file is missing and not to be created, locked, damaged, of another
                program or of a newer version.
        """
        name = "the database in memory" if path is None else f"the database {path}"
        if path is not None:
            _require_place(Path(path), create)
        with _told(name):
            connection = sqlite3.connect(path or ":memory:", PATIENCE_S, isolation_level=None)
            try:
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA synchronous = FULL")
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    create_tables(connection)
                wrong = objection(connection)
            except BaseException:
                connection.close()
                raise
        if wrong:
            connection.close()
            raise DatabaseError(f"{name} {wrong}.")
        return cls(connection, name, clock)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; everything appended is already in it."""
        self._connection.close()

    # ---- sessions

    def begin(self, setup: Setup, environment: Mapping[str, Any]) -> int:
        """Store a new session and return its id."""
        with self._transaction() as connection:
            workload = self._workload_id(setup.workload)
            if workload is None:
                row = (workload_hash(setup.workload), canonical(setup.workload))
                added = connection.execute("INSERT INTO workload(hash, json) VALUES(?, ?)", row)
                workload = added.lastrowid
            described = setup.to_json()
            del described["workload"]
            cursor = connection.execute(
                "INSERT INTO session(workload_id, target, setup, environment, began_at) "
                "VALUES(?, ?, ?, ?, ?)",
                (
                    workload,
                    setup.target,
                    canonical(described),
                    canonical(environment),
                    self._clock(),
                ),
            )
        return int(cursor.lastrowid or 0)

    def end(self, session: int, ending: str) -> None:
        """Store why a session ended."""
        with self._transaction() as connection:
            row = (self._clock(), ending, session)
            connection.execute("UPDATE session SET ended_at = ?, ending = ? WHERE id = ?", row)

    def sessions(self) -> list[StoredSession]:
        """Every session, in order of beginning."""
        with _told(self._name):
            rows = self._connection.execute(
                "SELECT session.id, json, setup, environment, ending FROM session "
                "JOIN workload ON workload.id = workload_id ORDER BY session.id"
            ).fetchall()
        return [
            StoredSession(
                session,
                Setup.from_json(json.loads(setup) | {"workload": json.loads(workload)}),
                json.loads(environment),
                ending,
            )
            for session, workload, setup, environment, ending in rows
        ]

    def resumable(self, setup: Setup) -> StoredSession | None:
        """The latest session that `setup` would continue: one of the same workload and setup, but
        for the number of trials and what is settled as a run begins."""
        wanted = _asked(setup.to_json())
        same = [s for s in self.sessions() if s.setup.workload == setup.workload]
        return next((s for s in reversed(same) if _asked(s.setup.to_json()) == wanted), None)

    # ---- trials

    def append(self, session: int, records: Iterable[Record]) -> None:
        """Store trials with their measurements, all or none; they are on disk on return."""
        with self._transaction() as connection:
            for record in records:
                cursor = connection.execute(
                    "INSERT INTO trial(session_id, number, config_index, config, trace, "
                    "predicted_s) VALUES(?, ?, ?, ?, ?, ?)",
                    (
                        session,
                        record.number,
                        str(record.index),
                        canonical(record.config),
                        canonical(record.trace),
                        record.predicted_s,
                    ),
                )
                row = (cursor.lastrowid, *_outcome_row(record.outcome), self._clock())
                connection.execute(
                    "INSERT INTO measurement(trial_id, status, stage, reason, times_s, median_s, "
                    "build_s, total_s, verified, measured_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )

    def records(self, session: int) -> list[Record]:
        """The trials of a session, in order of their number."""
        with _told(self._name):
            rows = self._connection.execute(
                f"{_RECORD} WHERE session_id = ? ORDER BY number", (session,)
            )
            return [_record(row) for row in rows]

    def best(self, workload: Mapping[str, Any], target: str) -> Record | None:
        """The fastest verified trial of a workload on a target, over all sessions."""
        with _told(self._name):
            row = self._connection.execute(
                f"{_RECORD} WHERE trial.id = "
                "(SELECT trial_id FROM best WHERE workload_id = ? AND target = ?)",
                (self._workload_id(workload), target),
            ).fetchone()
        return None if row is None else _record(row)

    # ---- inside

    def _workload_id(self, workload: Mapping[str, Any]) -> int | None:
        """The row of a workload: found by hash, told by its text."""
        rows = self._connection.execute(
            "SELECT id FROM workload WHERE hash = ? AND json = ?",
            (workload_hash(workload), canonical(workload)),
        ).fetchone()
        return None if rows is None else int(rows[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _told(self._name):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


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


def _asked(setup: Mapping[str, Any]) -> dict[str, Any]:
    plain = json.loads(canonical(setup))
    return {k: v for k, v in plain.items() if k not in ("workload", "trials", *SETTLED)}


def _outcome_row(outcome: Outcome) -> tuple[Any, ...]:
    return (
        outcome.status,
        outcome.stage,
        outcome.reason,
        canonical(outcome.times_s),
        outcome.median_s,
        outcome.build_s,
        outcome.total_s,
        int(outcome.verified),
    )


def _record(row: tuple[Any, ...]) -> Record:
    number, index, config, trace, predicted_s, status, stage, reason, times_s, *rest = row
    build_s, total_s, verified = rest
    return Record.from_json(
        {
            "number": number,
            "index": index,
            "config": json.loads(config),
            "trace": json.loads(trace),
            "predicted_s": predicted_s,
            "outcome": {
                "status": status,
                "stage": stage,
                "reason": reason,
                "times_s": json.loads(times_s),
                "build_s": build_s,
                "total_s": total_s,
                "verified": bool(verified),
            },
        }
    )
