"""Every trial ever made, in a SQLite file or on a PostgreSQL server: one writer, many readers.

Once `append` returns, the records survive a kill and a power cut. Whoever opens a bad file gets a
DatabaseError of one sentence, and the file is left as it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tvmlab.errors import DatabaseError, as_path
from tvmlab.measure.canonical import canonical, digest
from tvmlab.te.serial import workload_hash
from tvmlab.tune.postgres_store import PostgresStore
from tvmlab.tune.read_only_store import ReadOnlyStore
from tvmlab.tune.record import Record
from tvmlab.tune.setup import SETTLED, Setup
from tvmlab.tune.sqlite_store import SqliteStore
from tvmlab.tune.store import Row, Store, is_address
from tvmlab.tune.stored_trial import outcome_row, record_of_row

_AFTER_TRACE = """predicted_s,
    status, stage, reason, times_s, build_s, total_s, verified, sentinel_s, device
    FROM trial JOIN measurement ON trial_id = trial.id"""

_RECORD = f"SELECT trial.number, config_index, config, trace, {_AFTER_TRACE}"

_ARRIVAL = f"""SELECT trial.id, measured_at,
    trial.number, config_index, config, '[]', {_AFTER_TRACE}"""

_SESSION = """SELECT session.id, workload.json, setup, environment.json, device.json, ending
    FROM session
    JOIN workload ON workload.id = workload_id
    JOIN environment ON environment.id = environment_id
    JOIN device ON device.id = device_id"""

Clock = Callable[[], float]
Facts = Mapping[str, Any]

UNKNOWN: Facts = {}
"""The device of a run that did not say where it ran."""


class StoredSession(NamedTuple):
    """A run as it is stored.

    Attributes:
        id: its number in the database.
        setup: what was asked for.
        environment: the programs that made and ran its kernels.
        device: the machine that ran them.
        ending: why it ended; None where it did not.
    """

    id: int
    setup: Setup
    environment: dict[str, Any]
    device: dict[str, Any]
    ending: str | None


class Tally(NamedTuple):
    """What came of a session: its trials, how many failed, and the least verified median time."""

    trials: int
    failed: int
    best_s: float | None


class Arrival(NamedTuple):
    """A trial as it was stored: its row, the moment in seconds since 1970, and its record, which
    holds no trace."""

    row: int
    at: float
    record: Record


class Database:
    """A tuning database; a context manager that closes it. Use it from one thread."""

    def __init__(self, store: Store, clock: Clock = time.time) -> None:
        self._store = store
        self._clock = clock

    @classmethod
    def open(
        cls, place: str | Path | None, *, create: bool = True, clock: Clock = time.time
    ) -> Database:
        """The database in the file or at the address `place`, or a new one in memory for None.

        Args:
            place: a file's name, or `postgresql://user@host:5432/name`, which needs the extra
                `tvmlab[postgres]`.
            create: whether to make it where there is none. A server's database must be there; only
                our tables are made in it.
            clock: tells the moments that are stored, in seconds since 1970.

        Raises:
            DatabaseError: it is missing and not to be created, locked, damaged, of another
                program or of a newer version, or the server cannot be reached.
        """
        if is_address(place):
            return cls(PostgresStore(str(place), create), clock)
        path = None if place is None else as_path(place, "the database")
        return cls(SqliteStore(path, create), clock)

    @classmethod
    def look(cls, path: Path) -> Database:
        """The database in the file `path`, for looking only; see `ReadOnlyStore`.

        Raises:
            DatabaseError: as `open`.
        """
        return cls(ReadOnlyStore(path))

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; everything appended is already in it."""
        self._store.close()

    # ---- sessions

    def begin(self, setup: Setup, environment: Facts, device: Facts = UNKNOWN) -> int:
        """Store a new session and return its id."""
        described = setup.to_json()
        workload = described.pop("workload")
        with self._store.transaction():
            return self._insert(
                "session",
                workload_id=self._known("workload", workload, workload_hash(workload)),
                device_id=self._known("device", device, digest(device)),
                environment_id=self._known("environment", environment, digest(environment)),
                target=setup.target,
                setup=canonical(described),
                began_at=self._clock(),
            )

    def hold(self, session: int) -> None:
        """Be the only one who writes to a session, until closed or dead.

        Raises:
            DatabaseError: another program writes to it.
        """
        if not self._store.hold(session):
            raise DatabaseError(
                f"run {session} of {self._store.name} is being written by another tuner; stop "
                "that one, or wait until it is done."
            )

    def reopen(self, session: int) -> None:
        """Store that a session goes on."""
        with self._store.transaction():
            self._store.rows(
                "UPDATE session SET ended_at = NULL, ending = NULL WHERE id = :id", id=session
            )

    def end(self, session: int, ending: str) -> None:
        """Store why a session ended."""
        with self._store.transaction():
            self._store.rows(
                "UPDATE session SET ended_at = :at, ending = :ending WHERE id = :id",
                at=self._clock(),
                ending=ending,
                id=session,
            )

    def sessions(self) -> list[StoredSession]:
        """Every session, in order of beginning."""
        return [_session(row) for row in self._store.rows(f"{_SESSION} ORDER BY session.id")]

    def session(self, number: int | None = None) -> StoredSession:
        """One session, the latest if no number is given.

        Raises:
            DatabaseError: there is none, or none of that number.
        """
        wanted = "(SELECT max(id) FROM session)" if number is None else ":id"
        values = {} if number is None else {"id": number}
        rows = self._store.rows(f"{_SESSION} WHERE session.id = {wanted}", **values)
        if not rows:
            asked = "no run" if number is None else f"no run {number}"
            raise DatabaseError(f"{self._store.name} holds {asked}; look with `tvmlab log --db`.")
        return _session(rows[0])

    def resumable(self, setup: Setup, device: Facts) -> StoredSession | None:
        """The latest session that `setup` would continue: one on the same device, of the same
        workload and setup but for the number of trials and what is settled as a run begins."""
        wanted = _asked(setup.to_json())
        rows = self._store.rows(
            f"{_SESSION} WHERE workload_id = :workload AND device_id = :device "
            "ORDER BY session.id DESC",
            workload=self._found("workload", setup.workload, workload_hash(setup.workload)),
            device=self._found("device", device, digest(device)),
        )
        stored = map(_session, rows)
        return next((s for s in stored if _asked(s.setup.to_json()) == wanted), None)

    # ---- trials

    def append(self, session: int, records: Iterable[Record]) -> None:
        """Store trials with their measurements, all or none; they are on disk on return."""
        with self._store.transaction():
            for record in records:
                trial = self._insert(
                    "trial",
                    session_id=session,
                    number=record.number,
                    config_index=str(record.index),
                    config=canonical(record.config),
                    trace=canonical(record.trace),
                    predicted_s=record.predicted_s,
                )
                row = outcome_row(record.outcome)
                self._insert("measurement", trial_id=trial, **row, measured_at=self._clock())

    def records(self, session: int) -> list[Record]:
        """The trials of a session, in order of their number."""
        rows = self._store.rows(f"{_RECORD} WHERE session_id = :id ORDER BY number", id=session)
        return [record_of_row(row) for row in rows]

    def arrivals(self, session: int, after: int = 0, most: int = 1 << 31) -> list[Arrival]:
        """The trials of a session in the order they were stored, those behind row `after`.

        Args:
            session: its number.
            after: the row of the last trial that is known already.
            most: how many to read at most.
        """
        rows = self._store.rows(
            f"{_ARRIVAL} WHERE session_id = :id AND trial.id > :after "
            "ORDER BY trial.id LIMIT :most",
            id=session,
            after=after,
            most=most,
        )
        return [Arrival(int(row), float(at), record_of_row(tuple(rest))) for row, at, *rest in rows]

    def record(self, session: int, number: int) -> Record | None:
        """The trial `number` of a session; None where there is none."""
        rows = self._store.rows(
            f"{_RECORD} WHERE session_id = :id AND number = :number", id=session, number=number
        )
        return record_of_row(rows[0]) if rows else None

    def moments(self, session: int) -> dict[int, float]:
        """When each trial of a session was stored, in seconds since 1970, by its number."""
        rows = self._store.rows(
            "SELECT number, measured_at FROM trial JOIN measurement ON trial_id = trial.id "
            "WHERE session_id = :id",
            id=session,
        )
        return {int(number): float(at) for number, at in rows}

    def tallies(self) -> dict[int, Tally]:
        """What came of each session that has trials, by its number."""
        good = "verified = 1 AND status = 'ok'"
        rows = self._store.rows(
            "SELECT session_id, count(*), sum(CASE WHEN status = 'ok' THEN 0 ELSE 1 END), "
            f"min(CASE WHEN {good} THEN median_s END) "
            "FROM trial JOIN measurement ON trial_id = trial.id GROUP BY session_id"
        )
        return {int(n): Tally(int(trials), int(failed), best) for n, trials, failed, best in rows}

    def best(
        self, workload: Mapping[str, Any], target: str, device: Facts | None = None
    ) -> Record | None:
        """The fastest verified trial of a workload on a target, over all sessions.

        Args:
            workload: the expression, as `tvmlab.te.serial.to_json` writes it.
            target: the target's name.
            device: the machine it ran on, as `Target.device` tells; None for whichever.
        """
        asked = {
            "workload": self._found("workload", workload, workload_hash(workload)),
            "target": target,
        }
        where = "workload_id = :workload AND target = :target"
        if device is not None:
            where += " AND device_id = :device"
            asked["device"] = self._found("device", device, digest(device))
        rows = self._store.rows(
            f"{_RECORD} WHERE trial.id = (SELECT trial_id FROM best WHERE {where} "
            "ORDER BY median_s, trial_id LIMIT 1)",
            **asked,
        )
        return record_of_row(rows[0]) if rows else None

    def devices(self, workload: Mapping[str, Any], target: str) -> list[dict[str, Any]]:
        """The machines that a workload has a verified trial of, for a target."""
        rows = self._store.rows(
            "SELECT device.json FROM best JOIN device ON device.id = device_id "
            "WHERE workload_id = :workload AND target = :target ORDER BY device.id",
            workload=self._found("workload", workload, workload_hash(workload)),
            target=target,
        )
        return [json.loads(text) for (text,) in rows]

    # ---- artifacts

    def keep(self, session: int, number: int, artifacts: Mapping[str, str]) -> None:
        """Store texts made of a trial, by kind; what was kept of a kind before is replaced."""
        with self._store.transaction():
            trial = self._trial_id(session, number)
            for kind, content in artifacts.items():
                self._store.rows(
                    "DELETE FROM artifact WHERE trial_id = :trial AND kind = :kind",
                    trial=trial,
                    kind=kind,
                )
                self._insert(
                    "artifact", trial_id=trial, kind=kind, digest=digest(content), content=content
                )

    def artifacts(self, session: int, number: int) -> dict[str, str]:
        """What `keep` stored of a trial."""
        rows = self._store.rows(
            "SELECT kind, content FROM artifact WHERE trial_id = :trial ORDER BY kind",
            trial=self._trial_id(session, number),
        )
        return dict(rows)

    # ---- inside

    def _insert(self, table: str, **values: Any) -> int:
        """Add a row; its id."""
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        added = self._store.rows(
            f"INSERT INTO {table}({names}) VALUES({marks}) RETURNING id", **values
        )
        return int(added[0][0])

    def _found(self, table: str, data: Mapping[str, Any], key: str) -> int | None:
        """The row of plain data: found by hash, told by its text."""
        rows = self._store.rows(
            f"SELECT id FROM {table} WHERE hash = :hash AND json = :json",
            hash=key,
            json=canonical(data),
        )
        return int(rows[0][0]) if rows else None

    def _known(self, table: str, data: Mapping[str, Any], key: str) -> int:
        """The row of plain data, which is made if there is none."""
        found = self._found(table, data, key)
        return self._insert(table, hash=key, json=canonical(data)) if found is None else found

    def _trial_id(self, session: int, number: int) -> int:
        rows = self._store.rows(
            "SELECT id FROM trial WHERE session_id = :session AND number = :number",
            session=session,
            number=number,
        )
        if not rows:
            raise DatabaseError(
                f"{self._store.name} holds no trial {number} of run {session}; look at its records."
            )
        return int(rows[0][0])


def _session(row: Row) -> StoredSession:
    number, workload, setup, environment, device, ending = row
    described = json.loads(setup) | {"workload": json.loads(workload)}
    return StoredSession(
        number, Setup.from_json(described), json.loads(environment), json.loads(device), ending
    )


def _asked(setup: Mapping[str, Any]) -> dict[str, Any]:
    plain = json.loads(canonical(setup))
    return {k: v for k, v in plain.items() if k not in ("workload", "trials", *SETTLED)}
