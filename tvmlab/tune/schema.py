"""The tables of a tuning database, version 1, and how a new file gets them.

    workload     one row per tensor expression: its canonical JSON, found by hash, told by text
    session      one row per run: workload, setup, environment, when and why it ended
    trial        one row per candidate tried in a session
    measurement  what became of a trial
    best         a view: per workload and target the fastest measurement that was verified

Times are in seconds; moments are seconds since 1970; JSON is canonical text. A trial's
`config_index` is text because large spaces exceed 64 bits.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x54564D4C
"""`TVML`: marks the file as ours."""

VERSION = 1
"""Kept in `user_version`; a file with a higher one is refused."""

TABLES = (
    """CREATE TABLE workload(
        id INTEGER PRIMARY KEY,
        hash TEXT NOT NULL,
        json TEXT NOT NULL)""",
    "CREATE INDEX workload_hash ON workload(hash)",
    """CREATE TABLE session(
        id INTEGER PRIMARY KEY,
        workload_id INTEGER NOT NULL REFERENCES workload(id),
        target TEXT NOT NULL,
        setup TEXT NOT NULL,
        environment TEXT NOT NULL,
        began_at REAL NOT NULL,
        ended_at REAL,
        ending TEXT)""",
    """CREATE TABLE trial(
        id INTEGER PRIMARY KEY,
        session_id INTEGER NOT NULL REFERENCES session(id),
        number INTEGER NOT NULL,
        config_index TEXT NOT NULL,
        config TEXT NOT NULL,
        trace TEXT NOT NULL,
        predicted_s REAL,
        UNIQUE(session_id, number))""",
    """CREATE TABLE measurement(
        id INTEGER PRIMARY KEY,
        trial_id INTEGER NOT NULL UNIQUE REFERENCES trial(id),
        status TEXT NOT NULL,
        stage TEXT NOT NULL,
        reason TEXT NOT NULL,
        times_s TEXT NOT NULL,
        median_s REAL,
        build_s REAL NOT NULL,
        total_s REAL NOT NULL,
        verified INTEGER NOT NULL,
        measured_at REAL NOT NULL)""",
    "CREATE INDEX measurement_by_time ON measurement(verified, status, median_s)",
    """CREATE VIEW best AS
        SELECT * FROM (
            SELECT session.workload_id, session.target, trial.id AS trial_id, median_s,
                ROW_NUMBER() OVER (
                    PARTITION BY session.workload_id, session.target
                    ORDER BY median_s, trial.id) AS place
            FROM measurement
            JOIN trial ON trial.id = measurement.trial_id
            JOIN session ON session.id = trial.session_id
            WHERE measurement.verified = 1 AND measurement.status = 'ok')
        WHERE place = 1""",
)


def create_tables(connection: sqlite3.Connection) -> None:
    """Make an empty database ours; all in one transaction, so a killed attempt leaves nothing."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        for statement in TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def objection(connection: sqlite3.Connection) -> str | None:
    """Why an open file with tables in it is not a database this version can use, if so."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        return "is a database of another program; give another file"
    if version > VERSION:
        return (
            f"has version {version} and this tvmlab reads up to {VERSION}; "
            "use a newer tvmlab or another file"
        )
    return None
