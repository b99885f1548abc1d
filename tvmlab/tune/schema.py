"""The tables of a tuning database, version 3: one description for every kind of store.

    workload     one row per tensor expression: its canonical JSON, found by hash, told by text
    device       one row per machine that kernels were timed on: what makes times comparable
    environment  one row per set of programs that made and ran the kernels
    session      one row per run: workload, setup, where, when and why it ended
    trial        one row per candidate tried in a session
    measurement  what became of a trial
    artifact     texts made of a trial, by kind: its program, its code
    best         a view: per workload, target and device the fastest measurement that was verified

Times are in seconds; moments are seconds since 1970; JSON is canonical text. A trial's
`config_index` is text because large spaces exceed 64 bits. `sentinel_s` is what the sentinel took
beside the candidate, 0 where there was none; `times_s` are brought to the pace that the machine had
when the run began, `device` being the name of the one that was held, where there are several.
`{id}` stands for the store's way to say an integer key that counts by itself;
everything else is understood by SQLite and PostgreSQL alike.
"""

from __future__ import annotations

VERSION = 3
"""A store with a higher one is refused; one with a lower one is brought up to it."""

_FOUND_BY_HASH = """CREATE TABLE {name}(
        id {{id}},
        hash TEXT NOT NULL,
        json TEXT NOT NULL)"""

SESSION = """CREATE TABLE session(
        id {id},
        workload_id BIGINT NOT NULL REFERENCES workload(id),
        device_id BIGINT NOT NULL REFERENCES device(id),
        environment_id BIGINT NOT NULL REFERENCES environment(id),
        target TEXT NOT NULL,
        setup TEXT NOT NULL,
        began_at DOUBLE PRECISION NOT NULL,
        ended_at DOUBLE PRECISION,
        ending TEXT)"""

ARTIFACT = """CREATE TABLE artifact(
        id {id},
        trial_id BIGINT NOT NULL REFERENCES trial(id),
        kind TEXT NOT NULL,
        digest TEXT NOT NULL,
        content TEXT NOT NULL,
        UNIQUE(trial_id, kind))"""

BEST = """CREATE VIEW best AS
        SELECT workload_id, target, device_id, trial_id, median_s FROM (
            SELECT session.workload_id, session.target, session.device_id,
                trial.id AS trial_id, median_s,
                ROW_NUMBER() OVER (
                    PARTITION BY session.workload_id, session.target, session.device_id
                    ORDER BY median_s, trial.id) AS place
            FROM measurement
            JOIN trial ON trial.id = measurement.trial_id
            JOIN session ON session.id = trial.session_id
            WHERE measurement.verified = 1 AND measurement.status = 'ok') AS placed
        WHERE place = 1"""


def found_by_hash(name: str) -> tuple[str, str]:
    """A table of plain data, each told by its text."""
    return _FOUND_BY_HASH.format(name=name), f"CREATE INDEX {name}_hash ON {name}(hash)"


TABLES = (
    *found_by_hash("workload"),
    *found_by_hash("device"),
    *found_by_hash("environment"),
    SESSION,
    """CREATE TABLE trial(
        id {id},
        session_id BIGINT NOT NULL REFERENCES session(id),
        number BIGINT NOT NULL,
        config_index TEXT NOT NULL,
        config TEXT NOT NULL,
        trace TEXT NOT NULL,
        predicted_s DOUBLE PRECISION,
        UNIQUE(session_id, number))""",
    """CREATE TABLE measurement(
        id {id},
        trial_id BIGINT NOT NULL UNIQUE REFERENCES trial(id),
        status TEXT NOT NULL,
        stage TEXT NOT NULL,
        reason TEXT NOT NULL,
        times_s TEXT NOT NULL,
        median_s DOUBLE PRECISION,
        build_s DOUBLE PRECISION NOT NULL,
        total_s DOUBLE PRECISION NOT NULL,
        verified INTEGER NOT NULL,
        measured_at DOUBLE PRECISION NOT NULL,
        sentinel_s DOUBLE PRECISION NOT NULL DEFAULT 0,
        device TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX measurement_by_time ON measurement(verified, status, median_s)",
    ARTIFACT,
    BEST,
)


SINCE_2 = "ALTER TABLE measurement ADD device TEXT NOT NULL DEFAULT ''"
"""Brings version 2 up to version 3."""


def objection(version: int) -> str | None:
    """Why a store of `version` cannot be used by this tvmlab, if so."""
    if version <= VERSION:
        return None
    return (
        f"has version {version} and this tvmlab reads up to {VERSION}; "
        "use a newer tvmlab or another database"
    )
