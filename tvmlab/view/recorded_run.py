"""Runs to look at: from a database of ours, or a log of any tuner that tvmlab reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.ir.program import Program
from tvmlab.schedule import Step, step_from_json
from tvmlab.tune.contributions import Contributions, Recalled
from tvmlab.tune.database import Database, StoredSession, Tally
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.logs import LoggedRun, LoggedTrial, Told, import_log, read_log
from tvmlab.tune.logs.read import is_database, is_ours, told
from tvmlab.tune.model_guided import ModelGuided
from tvmlab.tune.painting import loops_of
from tvmlab.tune.record import Record
from tvmlab.tune.session import batch_size
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of
from tvmlab.tune.store import is_address, shown
from tvmlab.tune.title import title
from tvmlab.view.engine import RecordedRun, RunFacts, Trial
from tvmlab.view.hindsights import Hindsights
from tvmlab.view.schema import LoopRef
from tvmlab.view.trials import Elapsed, choice_texts, interval_of, trial_of

MOST_TRIALS = 200_000
"""Of one run that are looked at: more would not fit into a page."""

NO_SCHEDULES = (
    "a log of another tuner holds no schedules that a model could learn from; open a run of a "
    "database instead."
)

Opener = Callable[[], AbstractContextManager[Database]]
"""Opens a database for a moment."""


class StoredRun:
    """A run of ours that a database keeps, as `tvmlab.view.engine.ShownRun`."""

    def __init__(self, opened: Opener, stored: StoredSession, source: str) -> None:
        self.facts = facts_of(stored.setup, source, stored.id)
        self.batch = stored.setup.batch or batch_size(stored.setup.trials)
        self._opened = opened
        self._stored = stored
        self._elapsed = Elapsed()
        self._trials: list[Trial] = []
        self._row = 0
        self._hindsights = Hindsights(stored.setup, self._records)

    def follow(self, stored: StoredSession) -> bool:
        """Take in what was stored since, up to `MOST_TRIALS` in all; False if this is `stored` no
        longer."""
        room = MOST_TRIALS - len(self._trials)
        with self._opened() as database:
            found = database.arrivals(stored.id, self._row, room)
        for row, at, record in found:
            self._trials.append(trial_of(record, self._elapsed(at)))
            self._row = row
        return stored.id == self._stored.id

    def trials(self, start: int) -> Sequence[Trial]:
        """The trials from position `start` on, in order of arrival."""
        return self._trials[start:]

    def steps(self, number: int) -> Sequence[Step]:
        """The schedule of trial `number`."""
        return steps_of(self._record(number))

    def loops_of(self, number: int, columns: Sequence[str]) -> Mapping[str, Sequence[LoopRef]]:
        """The loops of trial `number` that features speak of."""
        return painted(self._stored.setup, self._record(number), columns)

    def contributions(self, of: int | Program) -> Contributions:
        """What a model that learnt from its trials makes of one of them, or of a program."""
        if isinstance(of, Program):
            return self._hindsights.of_program(of)
        return self._hindsights.of_trial(self._record(of))

    def recalled(self) -> Recalled:
        """What a model goes by that learnt from its trials."""
        return self._hindsights.recalled()

    def told(self, number: int) -> None:
        """Nothing: its trials have schedules."""

    def _records(self) -> list[Record]:
        with self._opened() as database:
            return database.records(self._stored.id)

    def _record(self, number: int) -> Record:
        with self._opened() as database:
            return _there(database.record(self._stored.id, number), number)


class LogRun:
    """A run in a log, as `tvmlab.view.engine.ShownRun`: times and decisions, no schedules."""

    batch = 0

    def __init__(self, facts: RunFacts, run: LoggedRun, path: Path) -> None:
        self.facts = facts
        self._path = path
        self._logged: list[LoggedTrial] = []
        self._elapsed = Elapsed()
        self._trials: list[Trial] = []
        self.follow(run)

    def follow(self, run: LoggedRun) -> bool:
        """Take in what the log has more of this run; False where it is another one now."""
        known = len(self._logged)
        is_same = run.trials[:known] == self._logged
        self._logged = run.trials[:MOST_TRIALS]
        self._trials += [_logged_trial(t, self._elapsed(t.at)) for t in self._logged[known:]]
        return is_same

    def trials(self, start: int) -> Sequence[Trial]:
        """The trials from position `start` on, in the order of the log."""
        return self._trials[start:]

    def steps(self, number: int) -> Sequence[Step]:
        """None: a log tells no steps that could be replayed."""
        raise UsageError(
            f"the log {Path(self.facts.source).name} tells how fast trial {number} was and what it "
            "decided, but no steps; open a run of a database instead."
        )

    def loops_of(self, number: int, columns: Sequence[str]) -> Mapping[str, Sequence[LoopRef]]:
        """None, for the same reason."""
        return {}

    def contributions(self, of: int | Program) -> Contributions:
        """None: what models see of a trial, they see of its schedule."""
        raise UsageError(NO_SCHEDULES)

    def recalled(self) -> Recalled:
        """None, for the same reason."""
        raise UsageError(NO_SCHEDULES)

    def told(self, number: int) -> Told:
        """What the log's line says of trial `number`."""
        trial = next((t for t in self._logged if t.number == number), None)
        if trial is None:
            raise UsageError(f"there is no trial {number} in this run; open one of those shown.")
        return told(self._path, trial.line)


def runs_in(place: str, workload: Mapping[str, Any]) -> list[RecordedRun]:
    """The runs in a database or log, in order.

    Args:
        place: a file's name, or the address of a database.
        workload: the expression of the lab, which `is_of_this` compares with.

    Raises:
        UsageError: the file cannot be read, or holds no run.
        DatabaseError: the database cannot be read.
    """
    path = place if is_address(place) else str(Path(place).expanduser())
    if is_database(path):
        with Database.open(path, create=False) as database:
            sessions, tallies = database.sessions(), database.tallies()
        return [_stored(path, s, tallies.get(s.id, Tally(0, 0, None)), workload) for s in sessions]
    if is_ours(Path(path)):
        return _from_ours(Path(path), workload)
    log = read_log(path)
    if not log.runs:
        first = next(iter(log.complaints), None)
        why = "" if first is None else f" (line {first.line}: {first.reason})"
        raise UsageError(f"{Path(path).name} holds no run{why}; give a database or a tuning log.")
    return [_from_log(path, number, run) for number, run in enumerate(log.runs, 1)]


def _from_ours(path: Path, workload: Mapping[str, Any]) -> list[RecordedRun]:
    """The runs of a log of ours, which have schedules: from a database in memory."""
    database = Database.open(None)
    import_log(path, database)
    tallies = database.tallies()
    found = []
    for stored in database.sessions():
        run = StoredRun(lambda: nullcontext(database), stored, str(path))
        is_of_this = stored.setup.workload == workload

        def opened(run: StoredRun = run, stored: StoredSession = stored) -> StoredRun:
            run.follow(stored)
            return run

        tally = tallies.get(stored.id, Tally(0, 0, None))
        found.append(RecordedRun(run.facts, *tally, is_of_this, opened))
    return found


def _stored(
    place: str, stored: StoredSession, tally: Tally, workload: Mapping[str, Any]
) -> RecordedRun:
    facts = facts_of(stored.setup, shown(place), stored.id)
    is_of_this = stored.setup.workload == workload
    return RecordedRun(facts, *tally, is_of_this, partial(_opened_run, place, stored))


def _opened_run(place: str, stored: StoredSession) -> StoredRun:
    run = StoredRun(partial(Database.open, place, create=False), stored, shown(place))
    run.follow(stored)
    return run


def _from_log(path: str, number: int, run: LoggedRun) -> RecordedRun:
    facts = RunFacts(run.title, path, number, run.source, "")
    best = run.best
    failed = sum(bool(trial.failure) for trial in run.trials)
    best_s = None if best is None else best.median_s
    return RecordedRun(
        facts, len(run.trials), failed, best_s, False, partial(LogRun, facts, run, Path(path))
    )


def facts_of(setup: Setup, source: str, number: int) -> RunFacts:
    """What a run of ours is."""
    has_model = issubclass(EXPLORERS.get(setup.explorer, object), ModelGuided)
    model = (setup.model or ModelGuided.default_model) if has_model else ""
    return RunFacts(title(setup.workload, setup.template), source, number, setup.explorer, model)


def record_of(records: Sequence[Record], number: int) -> Record:
    """The record of trial `number`; UsageError where there is none."""
    return _there(next((r for r in records if r.number == number), None), number)


def _there(record: Record | None, number: int) -> Record:
    if record is None:
        raise UsageError(f"there is no trial {number} in this run; open one of those shown.")
    return record


def steps_of(record: Record) -> list[Step]:
    """The schedule of a trial; UsageError where it was refused before there was one."""
    if not record.trace:
        raise UsageError(
            f"trial {record.number} has no schedule: {record.outcome.reason}; open another."
        )
    return [step_from_json(step) for step in record.trace]


def painted(setup: Setup, record: Record, columns: Sequence[str]) -> dict[str, Sequence[LoopRef]]:
    """The loops of a trial that features speak of."""
    space, _ = space_of(setup)
    found = loops_of(space, record.config, columns)
    return {
        name: [{"block": block, "loop": loop} for block, loop in loops]
        for name, loops in found.items()
    }


def _logged_trial(trial: LoggedTrial, at_s: float) -> Trial:
    """Logs of other tuners tell no verdict on the result; a time stands for a right one."""
    status = "ok" if trial.median_s is not None else (trial.failure.split(" at ")[0] or "failed")
    return Trial(
        trial.number,
        status,
        trial.failure,
        trial.median_s,
        None,
        trial.median_s is not None,
        interval_of(trial.times_s),
        at_s,
        choice_texts(trial.choices),
    )
