"""Earlier runs that a new one may learn from: for the same target, measured on the same machine.

Of each only its trials from the first on without a gap are used. Those never change, so a run that
is resumed learns from just what it learnt from when it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tvmlab.errors import UsageError
from tvmlab.tune.database import Database, StoredSession
from tvmlab.tune.logs import import_log
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup

OWN = ""
"""Stands for the database that the new run is kept in."""

Source = tuple[str, int, int]
"""Where it is kept, which session it is there, and how many of its trials are used."""


class EarlierRun(NamedTuple):
    """A run that is over, or cut short.

    Attributes:
        source: where it comes from.
        setup: what it was asked to do.
        records: its trials from number 0 on without a gap, at least one.
    """

    source: Source
    setup: Setup
    records: Sequence[Record]


def earlier_runs(
    setup: Setup, device: Mapping[str, Any], places: Iterable[str], database: Database
) -> list[EarlierRun]:
    """The runs in `places` that a run as `setup` says, on `device`, may learn from.

    Args:
        places: names of databases and of logs of ours; `OWN` for `database`.

    Raises:
        UsageError: a file holds no run of ours, or cannot be read.
        DatabaseError: a database cannot be read.
    """
    found = []
    for place in places:
        with _opened(place, database) as opened:
            for session in opened.sessions():
                if _is_comparable(session, setup, device):
                    records = _without_gap(opened.records(session.id))
                    if records:
                        source = (place, session.id, len(records))
                        found.append(EarlierRun(source, session.setup, records))
    return found


def recalled(sources: Iterable[Source], database: Database) -> list[EarlierRun]:
    """The runs that `earlier_runs` once found, as they were then.

    Raises:
        UsageError: one is no longer there.
        DatabaseError: a database cannot be read.
    """
    sources = [(str(place), int(number), int(count)) for place, number, count in sources]
    found: dict[Source, EarlierRun] = {}
    for place in dict.fromkeys(place for place, _, _ in sources):
        with _opened(place, database) as opened:
            sessions = {session.id: session for session in opened.sessions()}
            for source in (s for s in sources if s[0] == place):
                _, number, count = source
                session = sessions.get(number)
                records = opened.records(number)[:count] if session is not None else []
                if session is None or len(records) < count:
                    raise UsageError(
                        f"the run cannot be resumed: it learnt from {count} trials of session "
                        f"{number} in {place or 'its database'}, which are no longer there; "
                        "bring them back or start a new run."
                    )
                found[source] = EarlierRun(source, session.setup, records)
    return [found[source] for source in sources]


@contextmanager
def _opened(place: str, database: Database) -> Iterator[Database]:
    """The database at `place`; the sessions of a log as a database in memory."""
    if place == OWN:
        yield database
    elif _is_log(Path(place)):
        with Database.open(None) as imported:
            import_log(Path(place), imported)
            if not imported.sessions():
                raise UsageError(
                    f"{place} holds no run of tvmlab to learn from; give a database, or a log that "
                    "`tvmlab log` wrote."
                )
            yield imported
    else:
        with Database.open(place, create=False) as opened:
            yield opened


def _is_log(path: Path) -> bool:
    """Whether a file is lines of text: they begin with a brace, and no database does."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False  # opening it as a database will say what is wrong


def _is_comparable(session: StoredSession, setup: Setup, device: Mapping[str, Any]) -> bool:
    """Whether times of a session say something about those of a run."""
    theirs = session.setup
    same_use = (theirs.target, theirs.threads) == (setup.target, setup.threads)
    return same_use and session.device == device


def _without_gap(records: Iterable[Record]) -> list[Record]:
    """Those numbered from 0 on, as far as none is missing."""
    return [record for place, record in enumerate(records) if record.number == place]
