"""A file of tuning records as a dashboard: what the tuner's pane draws, without a lab around it.

Whoever looks says which run is in front, which others are shown beside it and what it has of each,
and is given the state and what it lacks. So nothing is remembered of those who look, and several
may look at one file while a run writes it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import TypedDict

from tvmlab import api
from tvmlab.analysis.work import Work, work_of
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.ir.printer import print_program
from tvmlab.schedule import State
from tvmlab.te.serial import from_json
from tvmlab.view.contributions import trial_contributions
from tvmlab.view.inspection import failed_view, trial_view
from tvmlab.view.model_reasons import recalled_view
from tvmlab.view.record_entries import FollowedRun, Records, RunEntry, records_in
from tvmlab.view.recorded_run import MOST_TRIALS
from tvmlab.view.run_list import failure_words, rate_words, run_view
from tvmlab.view.schema import ExplanationView, RunView, TrialView, TunerView
from tvmlab.view.timeline import replayed
from tvmlab.view.track import Track, rate_scale, rate_unit
from tvmlab.view.tuning_news import Had, Message, run_news

PAGE = 4
"""Messages of points in one answer, of each run; the next answer has more."""

ALIVE_S = 90.0
"""A run that has not ended and was not written to for so long is taken to be dead."""

NO_WORK = Work(0.0, 0.0)
"""Of a run that does not say what it computes: its rates are calls a second."""

Clock = Callable[[], float]


class RecordsView(TypedDict):
    """A file of records; `is_whole` is false where another page follows at once.

    Where `edition` is another one than before, whoever looks knows nothing any more.
    """

    edition: str
    state: TunerView
    messages: list[Message]
    notes: list[str]
    is_whole: bool


class RecordFile:
    """The records in the file `path`, which sentences call `name`; for one thread.

    Raises:
        UsageError, DatabaseError: from every method, where the file cannot be read.
    """

    def __init__(self, path: Path, name: str, clock: Clock = time.time) -> None:
        self._path = path
        self._name = name
        self._clock = clock
        self._signature: tuple[int, ...] = ()
        self._changes = 0
        self._records: Records | None = None
        self._entries: dict[int, RunEntry] = {}
        self._runs: dict[int, FollowedRun] = {}
        self._tracks: dict[tuple[int, Work], Track] = {}
        self._works: dict[int, Work] = {}

    def look(
        self,
        front: int | None = None,
        beside: Sequence[int] = (),
        edition: str = "",
        had: Mapping[int, Had] | None = None,
    ) -> RecordsView:
        """How the records stand, and what is lacking.

        Args:
            front: the number of the run looked at; None for the latest that has trials.
            beside: numbers of runs shown with it; those that are not there are passed over.
            edition: that of the last answer.
            had: what there is of each run already.
        """
        self._read()
        front = self._front(front)
        numbers = [front, *(n for n in dict.fromkeys(beside) if n in self._entries and n != front)]
        numbers = numbers[: len(ascii_uppercase)]
        work = self._work(front)
        tracks = {number: self._track(number, work) for number in numbers}
        self._tracks = {(number, work): track for number, track in tracks.items()}
        now = f"{self._edition}.{front}"
        known = dict(had or {}) if edition == now else {}
        messages: list[Message] = []
        is_whole = True
        for number, track in tracks.items():
            seen = known.setdefault(number, Had())
            messages += run_news(number, track, seen, PAGE)
            is_whole = is_whole and seen.points >= len(track.points)
        return {
            "edition": now,
            "state": self._view(front, tracks, work),
            "messages": messages,
            "notes": self._notes(front, tracks[front]),
            "is_whole": is_whole,
        }

    def trial(
        self, run: int, number: int, with_code: bool = False, with_features: bool = False
    ) -> TrialView:
        """One trial: its steps and its program beside the expression's own, and if asked its code,
        and what its features add to what a model that learnt from the run makes of it.

        Where it cannot be looked at, the view says why.
        """
        self._read()
        entry = self._entry(run)
        try:
            steps = self._run(run).steps(number)
            start = _start(entry)
            state = replayed(start, steps)
        except TvmlabError as error:
            return failed_view(run, number, str(error))
        seen = trial_view(run, number, state, start)
        if with_code:
            seen["code"] = _code(state, entry.target)
        if with_features:
            lines = print_program(state.program).lines
            found = trial_contributions(self._run(run), number, lines)
            seen["contributions"], seen["marks"] = found
        return seen

    def explanation(self, run: int) -> ExplanationView:
        """What a model goes by that learnt from a run's trials: the run's own is gone with its
        process, and is a function of these.

        Raises:
            TvmlabError: there is too little to learn from.
        """
        self._read()
        return recalled_view(run, self._run(run))

    # ---- reading

    def _read(self) -> None:
        """Bring everything up to date, if the file changed."""
        signature = _signature(self._path)
        if signature == self._signature:
            return
        is_same_file = self._signature[:1] == signature[:1]
        if self._records is None or not (is_same_file and self._records.follow()):
            self._records, is_same_file = records_in(self._path, self._name), False
        self._entries = self._records.entries()
        follows = is_same_file and all(
            number in self._entries and run.follow(self._entries[number].origin)
            for number, run in self._runs.items()
        )
        if not follows:
            self._runs, self._tracks, self._works = {}, {}, {}
            self._changes += 1
        self._signature = signature

    @property
    def _edition(self) -> str:
        return f"{self._signature[0]:x}.{self._changes}"

    def _front(self, wanted: int | None) -> int:
        """The run in front."""
        if wanted is not None:
            self._entry(wanted)
            return wanted
        if not self._entries:
            raise UsageError(f"{self._name} holds no tuning run yet; open it again later.")
        tried = [number for number, entry in self._entries.items() if entry.figures[0]]
        return max(tried or self._entries)

    def _entry(self, number: int) -> RunEntry:
        if number not in self._entries:
            raise UsageError(f"{self._name} holds no run {number}; choose one of those listed.")
        return self._entries[number]

    def _run(self, number: int) -> FollowedRun:
        assert self._records is not None
        if number not in self._runs:
            self._runs[number] = self._records.opened(self._entry(number))
        return self._runs[number]

    def _track(self, number: int, work: Work) -> Track:
        return self._tracks.get((number, work)) or Track(self._run(number), work)

    def _work(self, number: int) -> Work:
        """What the run in front computes; nothing where that is not known."""
        if number not in self._works:
            try:
                self._works[number] = work_of(_start(self._entry(number)).program)
            except TvmlabError:
                self._works[number] = NO_WORK
        return self._works[number]

    # ---- as plain data

    def _view(self, front: int, tracks: Mapping[int, Track], work: Work) -> TunerView:
        entry, track = self._entries[front], tracks[front]
        done, best = len(track.points), track.best
        elapsed_s = track.points[-1][6] if track.points else 0.0
        asked = max(entry.asked, done)
        is_on = self._is_on(entry) and done < asked
        return {
            "status": "running" if is_on else "done",
            "is_available": True,
            "reason": "",
            "trials": asked,
            "done": done,
            "failed": track.failures.total(),
            "failures": failure_words(track.failures),
            "best": rate_words(best.time_s if best is not None else None, work),
            "best_number": best.number if best is not None else -1,
            "unit": rate_unit(work),
            "scale": rate_scale(work),
            "elapsed_s": elapsed_s,
            "eta_s": round(elapsed_s / done * (asked - done), 1) if is_on and done else None,
            "device_share": None,
            "database": self._name,
            "can_continue": False,
            "live": front,
            "runs": [self._run_view(n, front, tracks, work) for n in reversed(self._entries)],
            "loading": "",
            "refusal": None,
            "is_read_only": True,
        }

    def _run_view(
        self, number: int, front: int, tracks: Mapping[int, Track], work: Work
    ) -> RunView:
        entry = self._entries[number]
        shown = list(tracks)
        letter = ascii_uppercase[shown.index(number)] if number in tracks else ""
        workload = self._entries[front].workload
        is_of_this = number == front or (workload is not None and entry.workload == workload)
        view = run_view(
            number,
            entry.facts,
            entry.figures,
            work,
            letter,
            is_live=number == front,
            is_shown=bool(letter),
            is_of_this=is_of_this,
        )
        return {**view, "title": f"run {number} · {entry.facts.title}"}

    def _is_on(self, entry: RunEntry) -> bool:
        """Whether a run seems to go on: it did not end, and the file was written to just now."""
        written_at = max(self._signature[1::2]) / 1e9
        return not entry.is_over and self._clock() - written_at < ALIVE_S

    def _notes(self, front: int, track: Track) -> list[str]:
        """What else is to be said, in sentences."""
        assert self._records is not None
        entry, notes = self._entries[front], list(self._records.notes)
        if not entry.is_over and not self._is_on(entry):
            notes.append(
                f"Run {front} did not come to its end: {len(track.points):,} of its "
                f"{entry.asked:,} trials were stored."
            )
        if len(track.points) >= MOST_TRIALS:
            notes.append(f"The first {MOST_TRIALS:,} trials of run {front} are shown.")
        return notes


def _signature(path: Path) -> tuple[int, ...]:
    """What changes with the file: its identity, then moment and size of it and of SQLite's log."""
    try:
        found = path.stat()
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read ({error.strerror}).") from error
    signature = (found.st_ino, found.st_mtime_ns, found.st_size)
    try:
        log = os.stat(f"{path}-wal")
    except OSError:
        return (*signature, 0, 0)
    return (*signature, log.st_mtime_ns, log.st_size)


def _start(entry: RunEntry) -> State:
    """What a run tunes, before any step."""
    if entry.workload is None:
        raise UsageError(f"a log of {entry.facts.explorer} does not say what it computes.")
    return State.start(from_json(dict(entry.workload)))


def _code(state: State, target: str) -> str:
    """What the target makes of a trial; why it cannot, where so."""
    kind = "asm" if target == "cpu" else target
    try:
        lines = api.Schedule(state).code_lines(kind, target=target)
    except TvmlabError as error:
        return str(error)
    return "\n".join(line for line, _ in lines)
