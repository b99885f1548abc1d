"""A log of any tuner that tvmlab knows, told by its lines, or a database of ours."""

from __future__ import annotations

from pathlib import Path

from tvmlab.tune.database import Database, StoredSession
from tvmlab.tune.logs import autotvm, metaschedule, tvmlog
from tvmlab.tune.logs.lines import Complaint, json_lines
from tvmlab.tune.logs.logged import Log, LoggedRun
from tvmlab.tune.store import is_address

FORMATS = (tvmlog, autotvm, metaschedule)
"""Each says which lines are its own (`recognises`), and adds one to the runs (`read`)."""


SQLITE = b"SQLite format 3\0"
"""How a database's file begins."""


def read_log(path: str | Path) -> Log:
    """The runs in a log of tvmlab (`*.tvmlog.jsonl`), AutoTVM or MetaSchedule, to look at.

    `path` may also be what a tuning run was given as `db`: a file or an address.

    Nothing in the file is executed or unpickled. A damaged line is left out and reported in
    `complaints`; all others are kept.

    Raises:
        UsageError: the file cannot be read.
        DatabaseError: the database cannot be read.
    """
    if is_database(path):
        with Database.open(path, create=False) as database:
            return Log([_logged(database, stored) for stored in database.sessions()])
    runs: dict[str, LoggedRun] = {}
    log = Log()
    for line in json_lines(Path(path)):
        if isinstance(line, Complaint):
            log.complaints.append(line)
            continue
        form = next((f for f in FORMATS if f.recognises(line.data)), None)
        try:
            if form is None:
                raise ValueError("no line of a log that tvmlab knows")
            form.read(line.data, runs)
        except ValueError as error:
            log.complaints.append(Complaint(line.number, str(error)))
    log.runs = list(runs.values())
    return log


def is_database(path: str | Path) -> bool:
    """Whether `path` is an address, or a file that begins as databases do."""
    if is_address(path):
        return True
    try:
        with Path(path).open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False  # told by who reads its lines


def _logged(database: Database, stored: StoredSession) -> LoggedRun:
    """A session of a database as a run to look at."""
    run = tvmlog.begun(stored.setup)
    for record in database.records(stored.id):
        tvmlog.add(run, record)
    return run
