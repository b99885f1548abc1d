"""A log of any tuner that tvmlab knows, told by its lines, or a database of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tvmlab.errors import UsageError, as_path
from tvmlab.tune.database import Database, StoredSession
from tvmlab.tune.logs import autotvm, metaschedule, tvmlog
from tvmlab.tune.logs.lines import Complaint, Line, json_lines, line_at, line_of
from tvmlab.tune.logs.logged import Log, LoggedRun
from tvmlab.tune.logs.told import Told
from tvmlab.tune.store import is_address

OTHERS: Sequence[Any] = (autotvm, metaschedule)
"""Logs without schedules; each says what it tells of a trial (`told`)."""

FORMATS: Sequence[Any] = (tvmlog, *OTHERS)
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
            form.read(line.data, runs, line.number)
        except ValueError as error:
            log.complaints.append(Complaint(line.number, str(error)))
    log.runs = list(runs.values())
    return log


def told(path: Path, number: int) -> Told:
    """What line `number` of another tuner's log, counted from 1, says of its trial.

    Raises:
        UsageError: the file cannot be read, or does not hold what it did.
    """
    text = line_at(path, number)
    line = Complaint(number, "") if text is None else line_of(number, text)
    form = None
    if isinstance(line, Line):
        form = next((f for f in OTHERS if f.recognises(line.data)), None)
    if form is None or isinstance(line, Complaint) or text is None:
        raise UsageError(f"line {number} of {path.name} has changed; load the log again.")
    try:
        form.read(line.data, {})
    except ValueError as error:
        raise UsageError(f"line {number} of {path.name} has changed: {error}.") from error
    found: Told = form.told(line.data)
    return found._replace(raw=text.decode("utf-8").strip())


def is_ours(path: Path) -> bool:
    """Whether a file is a log of ours, told by the first line that can be read."""
    first = next((line for line in json_lines(path) if isinstance(line, Line)), None)
    return first is not None and tvmlog.recognises(first.data)


def is_database(path: str | Path) -> bool:
    """Whether `path` is an address, or a file that begins as databases do."""
    if is_address(path):
        return True
    try:
        with as_path(path, "the log").open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False  # told by who reads its lines


def _logged(database: Database, stored: StoredSession) -> LoggedRun:
    """A session of a database as a run to look at."""
    run = tvmlog.begun(stored.setup)
    for record in database.records(stored.id):
        tvmlog.add(run, record)
    return run
