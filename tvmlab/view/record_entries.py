"""The runs in a file of records, whichever program wrote it, with what a dashboard asks of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tvmlab.errors import UsageError
from tvmlab.tune.contributions import Recalled
from tvmlab.tune.database import Database, StoredSession, Tally
from tvmlab.tune.logs import LoggedRun, import_log, read_log
from tvmlab.tune.logs.lines import Complaint
from tvmlab.tune.logs.read import is_database, is_ours
from tvmlab.view.engine import RunFacts, ShownRun
from tvmlab.view.recorded_run import LogRun, Opener, StoredRun, facts_of
from tvmlab.view.run_list import Figures

TOLD = 3
"""Lines left out that are told of one by one."""


class RunEntry(NamedTuple):
    """A run in the list.

    Attributes:
        facts: what it is.
        figures: its trials, those that failed, and its best time.
        asked: how many trials it was to have; 0 where nobody says.
        is_over: whether it ended by itself.
        workload: what it tunes, as `tvmlab.te.serial` writes it; None where that is not known.
        target: the name of its target.
        origin: the stored session or the logged run.
    """

    facts: RunFacts
    figures: Figures
    asked: int
    is_over: bool
    workload: Mapping[str, Any] | None
    target: str
    origin: StoredSession | LoggedRun


class FollowedRun(ShownRun, Protocol):
    """A run that may have grown since it was read."""

    def follow(self, origin: Any) -> bool:
        """Take in what is new in the same run read again; False where it is another run now."""

    def recalled(self) -> Recalled:
        """What a model goes by that learns from its trials; takes seconds the first time.

        Raises:
            TvmlabError: there is too little to learn from.
        """


class Records(Protocol):
    """A file of records that is open."""

    notes: Sequence[str]

    def follow(self) -> bool:
        """Take in what the file has more; False where it has to be opened anew."""

    def entries(self) -> dict[int, RunEntry]:
        """Its runs by their numbers."""

    def opened(self, entry: RunEntry) -> FollowedRun:
        """A run of them, with its trials."""


class StoredRecords:
    """The runs of a database; `is_copy` tells that it is one in memory, which does not grow."""

    def __init__(
        self, opened: Opener, name: str, notes: Sequence[str] = (), is_copy: bool = False
    ) -> None:
        self.notes = notes
        self._is_copy = is_copy
        self._opened = opened
        self._name = name
        self._facts: dict[int, RunFacts] = {}

    def follow(self) -> bool:
        """Of a file; what it holds is read when asked."""
        return not self._is_copy

    def entries(self) -> dict[int, RunEntry]:
        """Read now."""
        with self._opened() as database:
            sessions, tallies = database.sessions(), database.tallies()
        return {s.id: self._entry(s, tallies.get(s.id, Tally(0, 0, None))) for s in sessions}

    def opened(self, entry: RunEntry) -> FollowedRun:
        """Reads its trials, which for thousands takes a moment."""
        assert isinstance(entry.origin, StoredSession)
        run = StoredRun(self._opened, entry.origin, self._name)
        run.follow(entry.origin)
        return run

    def _entry(self, stored: StoredSession, tally: Tally) -> RunEntry:
        if stored.id not in self._facts:  # to recognise an operator takes milliseconds
            self._facts[stored.id] = facts_of(stored.setup, self._name, stored.id)
        setup, facts = stored.setup, self._facts[stored.id]
        is_over = stored.ending is not None
        return RunEntry(facts, tally, setup.trials, is_over, setup.workload, setup.target, stored)


class LoggedRecords:
    """The runs of another tuner's log."""

    def __init__(self, path: Path, name: str) -> None:
        self.notes: Sequence[str] = ()
        self._path = path
        self._name = name
        self._runs: list[LoggedRun] = []
        self.follow()

    def follow(self) -> bool:
        """Read it again: logs grow at their end."""
        log = read_log(self._path)
        if not log.runs:
            raise UsageError(_no_run(self._name, log.complaints))
        self.notes, self._runs = left_out(log.complaints), log.runs
        return True

    def entries(self) -> dict[int, RunEntry]:
        """In order of first appearance, counted from 1."""
        return {number: self._entry(number, run) for number, run in enumerate(self._runs, 1)}

    def opened(self, entry: RunEntry) -> FollowedRun:
        """Its trials, which are in memory already."""
        assert isinstance(entry.origin, LoggedRun)
        return LogRun(entry.facts, entry.origin, self._path)

    def _entry(self, number: int, run: LoggedRun) -> RunEntry:
        facts = RunFacts(run.title, self._name, number, run.source, "")
        failed, best = sum(bool(t.failure) for t in run.trials), run.best
        figures = (len(run.trials), failed, best.median_s if best is not None else None)
        return RunEntry(facts, figures, 0, True, None, run.target, run)


def records_in(path: Path, name: str) -> Records:
    """The records in a file, which sentences call `name`.

    A log of ours is brought into a database in memory, for its trials have programs; nothing of it
    is executed.

    Raises:
        UsageError, DatabaseError: it cannot be read, or holds no run.
    """
    if is_database(path):
        return StoredRecords(partial(Database.look, path), name)
    if not is_ours(path):
        return LoggedRecords(path, name)
    database = Database.open(None)
    _, complaints = import_log(path, database)
    if not database.sessions():
        raise UsageError(_no_run(name, complaints))
    notes = left_out(complaints)
    return StoredRecords(lambda: nullcontext(database), name, notes, is_copy=True)


def left_out(complaints: Sequence[Complaint]) -> list[str]:
    """Lines that were left out, in sentences: the first one by one."""
    told = [f"Line {c.line} was left out: {c.reason}." for c in complaints[:TOLD]]
    more = len(complaints) - TOLD
    return [*told, f"And {more:,} more lines were left out."] if more > 0 else told


def _no_run(name: str, complaints: Sequence[Complaint]) -> str:
    if name.endswith("database_workload.json"):
        return (
            f"{name} holds the programs that were tuned and no times; open "
            "database_tuning_record.json, which lies beside it."
        )
    first = next(iter(complaints), None)
    why = "" if first is None else f" (line {first.line}: {first.reason})"
    return (
        f"{name} holds no tuning run{why}; open a database or log of tvmlab, a log of AutoTVM, or "
        "MetaSchedule's database_tuning_record.json."
    )
