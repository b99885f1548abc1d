"""Files that version 1 of the tables made, brought up to version 2.

Version 1 had no sentinel and no table of devices, environments or artifacts: a session held its
environment, which named cores and an architecture. That is too little to take the machine for this
one or any other, so it becomes a device of its own that no machine is.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from tvmlab.measure.canonical import canonical, digest
from tvmlab.tune.schema import ARTIFACT, BEST, SESSION, found_by_hash

KEY = "INTEGER PRIMARY KEY"


def bring_up(connection: sqlite3.Connection) -> None:
    """Make version 2 of a version 1 file, inside a transaction and with foreign keys off."""
    ask = connection.execute
    ask("DROP VIEW best")
    for statement in (
        *found_by_hash("device"),
        *found_by_hash("environment"),
        SESSION.replace("TABLE session", "TABLE session_2"),
        ARTIFACT,
    ):
        ask(statement.format(id=KEY))
    old = ask(
        "SELECT id, workload_id, environment, target, setup, began_at, ended_at, ending "
        "FROM session ORDER BY id"
    ).fetchall()
    for row, workload, text, *rest in old:
        environment = json.loads(text)
        told = {name: environment.get(name) for name in ("cores", "processor")}
        device_id = _row_of(connection, "device", {"version_1": told})
        environment_id = _row_of(connection, "environment", environment)
        values = (row, workload, device_id, environment_id, *rest)
        ask(f"INSERT INTO session_2 VALUES({', '.join('?' * len(values))})", values)
    ask("DROP TABLE session")
    ask("ALTER TABLE session_2 RENAME TO session")
    ask("ALTER TABLE measurement ADD sentinel_s DOUBLE PRECISION NOT NULL DEFAULT 0")
    ask(BEST)


def _row_of(connection: sqlite3.Connection, table: str, data: dict[str, Any]) -> int:
    """The row of plain data, which is made if there is none."""
    row = (digest(data), canonical(data))
    connection.execute(
        f"INSERT INTO {table}(hash, json) SELECT ?, ? "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE hash = ? AND json = ?)",
        row + row,
    )
    found = connection.execute(f"SELECT id FROM {table} WHERE hash = ? AND json = ?", row)
    return int(found.fetchone()[0])
