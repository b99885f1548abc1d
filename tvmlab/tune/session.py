"""The search itself: outcomes in, candidates out. No files, no clock, no processes.

Batches are measured whole before the next is proposed, and everything is decided in order of trial
number, so the trajectory depends on the seed and the outcomes alone, never on which arrived first.
That is also how a run is resumed: the same session is fed the stored outcomes again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tvmlab.errors import ScheduleError, UsageError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.tune.explorer import Explorer, History, Proposal
from tvmlab.tune.record import Candidate, Record
from tvmlab.tune.space import Space

PATIENCE = 20
"""Failures in a row after which a run gives up and says why."""

SLOWEST = 1000.0
"""A predicted time is at most this many times the best: what the model calls a failure has none."""


@dataclass(frozen=True)
class _Planned:
    """A configuration waiting to be measured."""

    number: int
    index: int
    digits: np.ndarray
    predicted_s: float | None


def batch_size(trials: int) -> int:
    """Trials between two fits of the model: 64 as in AutoTVM, fewer where the budget is small."""
    return min(64, max(8, trials // 8))


class Session:
    """A search of `space` with `explorer` for `trials` trials, the configurations `first` to begin.

    With `early_stop`, it ends after a batch that completes so many trials without a better one.

    `finished` is None while the search goes on, then one phrase that says why it ended; `batches`
    counts the batches measured whole, hence how often the explorer has learnt, and `batch` is the
    size of one.
    """

    def __init__(
        self,
        space: Space,
        explorer: Explorer,
        trials: int,
        batch: int | None = None,
        first: Sequence[Mapping[str, Any]] = (),
        early_stop: int | None = None,
    ) -> None:
        if trials < 1:
            raise UsageError(f"a run of {trials} trials was asked for; give at least 1.")
        if early_stop is not None and early_stop < 1:
            raise UsageError(f"early_stop={early_stop} was asked for; give at least 1 trial.")
        self.space = space
        self.trials = min(trials, space.size)
        self.records: dict[int, Record] = {}
        self.best: Record | None = None
        self.finished: str | None = None
        self._explorer = explorer
        self.batch = batch_size(self.trials) if batch is None else batch
        self._early_stop = early_stop
        self._ready: deque[_Planned] = deque()
        self._out: dict[int, Candidate] = {}
        self._first = deque(space.digits(config) for config in first)
        self._digits: list[np.ndarray] = []
        self._seen: set[int] = set()
        self._best_s: float | None = None
        self._settled = 0
        self._failures = 0
        self.batches = 0

    @property
    def outstanding(self) -> int:
        """Candidates handed out whose outcome is not known yet."""
        return len(self._out)

    def next(self, room: int) -> list[Candidate]:
        """Up to `room` candidates to measure now; none while a batch is being completed."""
        if self.finished is None and not self._ready and not self._out:
            self._propose()
        planned = [self._ready.popleft() for _ in range(min(room, len(self._ready)))]
        handed = [self._realise(plan) for plan in planned]
        self._out |= {candidate.number: candidate for candidate in handed}
        return handed

    def observe(self, number: int, outcome: Outcome) -> Record:
        """Take in the outcome of trial `number`, which must be outstanding."""
        record = Record.of(self._out.pop(number), outcome)
        self._take(record)
        return record

    def stop(self, reason: str = "stopped") -> None:
        """End the search; outcomes of what is outstanding are still taken."""
        self._ready.clear()
        if self.finished is None:
            self.finished = reason

    def restore(self, stored: Iterable[Record]) -> int:
        """Replay stored records into a session that has not begun; how many were taken.

        A batch that was cut short keeps its missing candidates to be measured. UsageError where
        the records are not those this session would have made.
        """
        left = {record.number: record for record in stored}
        count = len(left)
        while left and self.finished is None:
            self._propose()
            for plan in [p for p in self._ready if p.number in left]:
                record = left.pop(plan.number)
                if record.index != plan.index:
                    raise UsageError(
                        f"the run cannot be resumed: trial {plan.number} is stored with "
                        f"configuration {record.index}, but this version and these options "
                        f"propose {plan.index}; start a new run."
                    )
                self._ready.remove(plan)
                self._take(record)
            if self._ready:
                break
        if left and self.finished is None:
            raise UsageError(
                f"the run cannot be resumed: {len(left)} stored trials, the first of them number "
                f"{min(left)}, are not ones this version and these options propose; start a new "
                "run."
            )
        return count - len(left)

    def history(self, planned: Sequence[np.ndarray] = ()) -> History:
        """What is known now, in order of trial number; the digits `planned` count as seen."""
        numbers = sorted(self.records)
        speeds = np.array([_speed(self.records[n]) for n in numbers], dtype=np.float64)
        best = speeds.max(initial=0.0)
        return History(
            self.space.stack([self._digits[n] for n in numbers]),
            speeds / best if best > 0 else speeds,
            frozenset(self._seen) | frozenset(self.space.indices(self.space.stack(planned))),
        )

    def commonest_failures(self, count: int = 3) -> list[tuple[str, int]]:
        """The reasons failed trials gave, the commonest first, with how often each was given."""
        reasons = Counter(
            f"{r.outcome.status} at {r.outcome.stage}: {r.outcome.reason}"
            for _, r in sorted(self.records.items())
            if not r.outcome.is_ok
        )
        return reasons.most_common(count)

    def _propose(self) -> None:
        """Plan the next batch, or finish where there is nothing more to try.

        The explorer is always asked for a whole batch, so that what it proposes does not depend on
        how many trials are left, and a run can be resumed with more of them.
        """
        left = self.trials - len(self._digits)
        first = [self._first.popleft() for _ in range(min(self.batch, len(self._first)))]
        batch = [Proposal(digits, None) for digits in first]
        if len(batch) < self.batch:
            history = self.history(first)
            batch += self._explorer.propose(self.batch - len(batch), history)
        for proposal in batch[:left]:
            self._plan(proposal)
        if not self._ready:
            self.stop("every configuration was tried")

    def _plan(self, proposal: Proposal) -> None:
        index = self.space.indices(proposal.digits[None, :])[0]
        predicted_s = self._predicted_s(proposal.predicted)
        self._ready.append(_Planned(len(self._digits), index, proposal.digits, predicted_s))
        self._digits.append(proposal.digits)
        self._seen.add(index)

    def _realise(self, plan: _Planned) -> Candidate:
        """The candidate of a plan, with its trace, or refused where that is illegal."""
        config = self.space.config(plan.digits)
        trace: list[dict[str, Any]] = []
        refused = None
        try:
            trace = self.space.trace(config)
        except ScheduleError as error:
            refused = failure("illegal", "replay", str(error))
        return Candidate(plan.number, plan.index, config, trace, plan.predicted_s, refused)

    def _take(self, record: Record) -> None:
        self.records[record.number] = record
        self._count_failures()
        if record.can_be_best and (self.best is None or _rank(record) < _rank(self.best)):
            self.best = record
        if not self._out and not self._ready:
            self._end_batch()

    def _predicted_s(self, score: float | None) -> float | None:
        """The time that a score relative to the best so far stands for."""
        if score is None or self._best_s is None:
            return None
        return self._best_s / max(score, 1 / SLOWEST)

    def _count_failures(self) -> None:
        """Give up after `PATIENCE` failures in a row, counted in order of trial number."""
        while self._settled in self.records:
            is_ok = self.records[self._settled].outcome.is_ok
            self._failures = 0 if is_ok else self._failures + 1
            self._settled += 1
            if self._failures == PATIENCE:
                said = "; ".join(f"{n} x {reason}" for reason, n in self.commonest_failures())
                self.stop(f"{PATIENCE} candidates in a row failed: {said}")

    def _end_batch(self) -> None:
        self.batches += 1
        history = self.history()
        self._best_s = self._fastest_s()
        if self.finished is None and len(self.records) == self.trials:
            self.finished = "every trial is done"
        if self.finished is None and self._is_stuck():
            self.finished = f"nothing better in the last {self._early_stop} trials"
        if self.finished is None:
            self._explorer.observe(history)

    def _is_stuck(self) -> bool:
        """Whether the best, if there is any, is older than the run may wait for a better one."""
        if self._early_stop is None:
            return False
        newest = self.best.number if self.best is not None else -1
        return len(self.records) - 1 - newest >= self._early_stop

    def _fastest_s(self) -> float | None:
        """The least median time measured, verified or not: what scores are relative to."""
        return min((r.median_s for r in self.records.values() if r.median_s), default=None)


def _speed(record: Record) -> float:
    """Calls a second; 0 for a failure."""
    return 1 / record.median_s if record.median_s else 0.0


def _rank(record: Record) -> tuple[float, int]:
    """Sorts records by time; of equal ones the earlier trial comes first."""
    return (record.median_s or float("inf"), record.number)
