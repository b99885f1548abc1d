"""Our own runs as lines of JSON, for other machines, other programs and version control.

    {"tvmlab_log": 1, "session": 1, "setup": {..}, "environment": {..}, "device": {..}}
    {"session": 1, "trial": {..}}

A line of the first kind begins a session, those of the second are its trials (`Record.to_json`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tvmlab.errors import DatabaseError, TvmlabError
from tvmlab.measure.canonical import canonical
from tvmlab.targets.whole_file import written_whole
from tvmlab.tune.database import UNKNOWN, Database
from tvmlab.tune.logs.lines import Complaint, json_lines
from tvmlab.tune.logs.logged import LoggedRun
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup
from tvmlab.tune.title import title

VERSION = 1


class Session(NamedTuple):
    """A line that begins a session."""

    session: int
    setup: Setup
    environment: dict[str, Any]
    device: dict[str, Any]


class Trial(NamedTuple):
    """A line that holds a trial."""

    session: int
    record: Record


def write_log(database: Database, path: Path) -> int:
    """Write every session of a database to `path`, whole or not at all; how many trials.

    Raises:
        DatabaseError: the database cannot be read, or the file not be written.
    """
    count = 0
    try:
        with written_whole(path) as part, part.open("w", encoding="utf-8") as file:
            for stored in database.sessions():
                head = {
                    "tvmlab_log": VERSION,
                    "session": stored.id,
                    "setup": stored.setup.to_json(),
                    "environment": stored.environment,
                    "device": stored.device,
                }
                file.write(canonical(head) + "\n")
                for record in database.records(stored.id):
                    line = {"session": stored.id, "trial": record.to_json()}
                    file.write(canonical(line) + "\n")
                    count += 1
    except OSError as error:
        raise DatabaseError(
            f"the log {path} cannot be written ({error.strerror}); give another place."
        ) from error
    return count


def import_log(path: Path, database: Database) -> tuple[int, list[Complaint]]:
    """Store the sessions of a log of ours in a database, each as a new one of its own.

    Returns:
        How many trials were stored, and the lines that were left out.

    Raises:
        UsageError: the file cannot be read.
        DatabaseError: the database cannot be written.
    """
    complaints: list[Complaint] = []
    sessions: dict[int, Session] = {}
    trials: dict[int, dict[int, Record]] = {}
    for line in json_lines(path):
        if isinstance(line, Complaint):
            complaints.append(line)
            continue
        try:
            _take(line.data, sessions, trials)
        except ValueError as error:
            complaints.append(Complaint(line.number, str(error)))
    for number, session in sessions.items():
        row = database.begin(session.setup, session.environment, session.device)
        database.append(row, trials[number].values())
        database.end(row, f"imported from {path.name}")
    return sum(map(len, trials.values())), complaints


def _take(data: Any, sessions: dict[int, Session], trials: dict[int, dict[int, Record]]) -> None:
    """Put a line where it belongs; ValueError where it belongs nowhere."""
    if not recognises(data):
        raise ValueError("no line of a tvmlab log")
    line = parse(data)
    _follow(line, line.session in sessions)
    if isinstance(line, Session):
        sessions[line.session] = line
        trials[line.session] = {}
    elif line.record.number in trials[line.session]:
        raise ValueError(f"trial {line.record.number} of session {line.session} a second time")
    else:
        trials[line.session][line.record.number] = line.record


def recognises(data: Any) -> bool:
    """Whether a line is of this form."""
    return (
        isinstance(data, dict) and "session" in data and bool({"tvmlab_log", "trial"} & set(data))
    )


def read(data: Any, runs: dict[str, LoggedRun], line: int = 0) -> None:
    """Add a line to the runs of a log that is looked at.

    Raises:
        ValueError: as `parse`, and where the line does not follow from those before it.
    """
    parsed = parse(data)
    key = f"tvmlab {parsed.session}"
    _follow(parsed, key in runs)
    if isinstance(parsed, Session):
        runs[key] = begun(parsed.setup)
    else:
        add(runs[key], parsed.record, line)


def begun(setup: Setup) -> LoggedRun:
    """A run of ours to look at, without a trial yet."""
    return LoggedRun("tvmlab", title(setup.workload, setup.template), setup.target)


def add(run: LoggedRun, record: Record, line: int = 0) -> None:
    """Append a trial of ours to a run that is looked at."""
    outcome = record.outcome
    failure = "" if outcome.is_ok else f"{outcome.status} at {outcome.stage}"
    run.add(outcome.times_s if outcome.is_ok else (), failure, record.config, None, line)


def parse(data: Mapping[str, Any]) -> Session | Trial:
    """What a line says.

    Raises:
        ValueError: it is of another form, or of a later version.
    """
    number = data["session"]
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError(f"the session {number!r} is no number")
    try:
        if "trial" in data:
            return Trial(number, Record.from_json(data["trial"]))
        if data["tvmlab_log"] != VERSION:
            raise ValueError(f"version {data['tvmlab_log']!r}; this tvmlab reads {VERSION}")
        setup = Setup.from_json(data["setup"])
        device = data.get("device", UNKNOWN)  # lines of the first versions do not say
        return Session(number, setup, dict(data["environment"]), dict(device))
    except TvmlabError as error:
        raise ValueError(str(error)) from error
    except (KeyError, TypeError) as error:
        raise ValueError(f"a field is missing or of another type ({error})") from error


def _follow(line: Session | Trial, has_begun: bool) -> None:
    """ValueError where a session begins twice, or a trial is of none."""
    if isinstance(line, Session) and has_begun:
        raise ValueError(f"session {line.session} begins a second time")
    if isinstance(line, Trial) and not has_begun:
        raise ValueError(f"a trial of session {line.session}, which no line before it begins")
