"""The search itself: outcomes in, candidates out. No files, no clock, no processes.

Candidates come in batches, and what a batch is chosen from is a matter of trial numbers: those
before it but the last `ahead`. So the next batch can be thought about while those last ones are
measured, and yet the trajectory depends on the seed and the outcomes alone, never on which arrived
first or how long thinking took. That is also how a run is resumed: the same session is fed the
stored outcomes again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tvmlab.errors import ScheduleError, UsageError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.tune.explanation import Explains, Explanation
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


def thinking_ahead(batch: int) -> int:
    """How many trials of a batch are still to come when the next is chosen: about as many as are
    measured while a model is fitted and asked, but at most a quarter, so that there is news."""
    return min(8, batch // 4)


class Session:
    """A search of `space` with `explorer` for `trials` trials, the configurations `first` to begin.

    With `early_stop`, it ends after a batch that completes so many trials without a better one.
    With `ahead`, at most the size of a batch, each batch is chosen without the outcomes of the last
    `ahead` trials before it, so that `prepare` can be called while they are measured.

    `finished` is None while the search goes on, then one phrase that says why it ended; `batches`
    counts the batches measured whole, and `batch` is the size of one.
    """

    def __init__(
        self,
        space: Space,
        explorer: Explorer,
        trials: int,
        batch: int | None = None,
        first: Sequence[Mapping[str, Any]] = (),
        early_stop: int | None = None,
        ahead: int = 0,
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
        if not 0 <= ahead <= self.batch:
            raise UsageError(
                f"ahead={ahead} was asked for with batches of {self.batch}; give 0 to {self.batch}."
            )
        self.ahead = ahead
        self._early_stop = early_stop
        self._ready: deque[_Planned] = deque()
        self._out: dict[int, Candidate] = {}
        self._first = deque(_distinct(space, first))
        self._digits: list[np.ndarray] = []
        self._seen: set[int] = set()
        self._is_preparing = False
        self._is_exhausted = False
        self._learnt = 0
        self._ends: deque[int] = deque()
        self._settled = 0
        self._failures = 0
        self._fastest: tuple[float, int] | None = None
        self.batches = 0

    @property
    def outstanding(self) -> int:
        """Candidates handed out whose outcome is not known yet."""
        return len(self._out)

    @property
    def explanation(self) -> Explanation | None:
        """What the explorer's model goes by, where it has one that can say."""
        return self._explorer.explanation if isinstance(self._explorer, Explains) else None

    @property
    def can_prepare(self) -> bool:
        """Whether all is known that the next batch is chosen from, and nobody has begun to."""
        return (
            self.finished is None
            and not self._is_preparing
            and not self._is_exhausted
            and len(self._digits) < self.trials
            and self._settled >= self._known_by(len(self._digits))
        )

    def prepare(self) -> Callable[[], Sequence[Proposal]]:
        """What takes long in choosing the next batch, to be called once, in any thread; its answer
        is for `plan`. It uses nothing that the session changes meanwhile."""
        self._is_preparing = True
        first = [self._first.popleft() for _ in range(min(self.batch, len(self._first)))]
        known = self._known_by(len(self._digits))
        history = self._history(range(known), first)
        is_news = known > self._learnt
        self._learnt = known

        def think() -> Sequence[Proposal]:
            if is_news:
                self._explorer.observe(history)
            proposals = [Proposal(digits, None) for digits in first]
            # The explorer is always asked for a whole batch, so that what it proposes does not
            # depend on how many trials are left, and a run can be resumed with more of them.
            if len(first) < self.batch:
                proposals += self._explorer.propose(self.batch - len(first), history)
            return proposals

        return think

    def plan(self, proposals: Sequence[Proposal]) -> None:
        """Take over the batch that `prepare`'s work chose."""
        self._is_preparing = False
        if self.finished is not None:
            return
        self._is_exhausted = not proposals
        known = range(self._known_by(len(self._digits)))
        times_s = [self.records[n].median_s for n in known]
        best_s = min((time_s for time_s in times_s if time_s), default=None)
        for proposal in proposals[: self.trials - len(self._digits)]:
            self._plan(proposal, best_s)
        if proposals:
            self._ends.append(len(self._digits))
        self._settle()

    def next(self, room: int) -> list[Candidate]:
        """Up to `room` candidates to measure now; none while what the next are chosen from is being
        measured, or they are being chosen elsewhere."""
        if not self._ready and self.can_prepare:
            self.plan(self.prepare()())
        planned = [self._ready.popleft() for _ in range(min(room, len(self._ready)))]
        handed = [self._realise(plan) for plan in planned]
        self._out |= {candidate.number: candidate for candidate in handed}
        return handed

    def observe(self, number: int, outcome: Outcome) -> Record:
        """Take in the outcome of trial `number`, which must be outstanding."""
        record = Record.of(self._out.pop(number), outcome)
        self._keep(record)
        self._settle()
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
        while left and self.can_prepare:
            self.plan(self.prepare()())
            for plan in [p for p in self._ready if p.number in left]:
                record = left.pop(plan.number)
                if record.index != plan.index:
                    raise UsageError(
                        f"the run cannot be resumed: trial {plan.number} is stored with "
                        f"configuration {record.index}, but this version and these options "
                        f"propose {plan.index}; start a new run."
                    )
                self._ready.remove(plan)
                self._keep(record)
            self._settle()
        if left and self.finished is None:
            raise UsageError(
                f"the run cannot be resumed: {len(left)} stored trials, the first of them number "
                f"{min(left)}, are not ones this version and these options propose; start a new "
                "run."
            )
        return count - len(left)

    def commonest_failures(self, count: int = 3) -> list[tuple[str, int]]:
        """The reasons failed trials gave, the commonest first, with how often each was given; up to
        the first trial whose outcome is not known."""
        reasons = Counter(
            f"{r.outcome.status} at {r.outcome.stage}: {r.outcome.reason}"
            for r in (self.records[n] for n in range(self._settled))
            if not r.outcome.is_ok
        )
        return reasons.most_common(count)

    def _known_by(self, trial: int) -> int:
        """How many outcomes are known, by rule, when the batch that begins with `trial` is chosen:
        those of the trials numbered below."""
        return max(0, trial - self.ahead)

    def _history(self, known: Iterable[int], first: Sequence[np.ndarray]) -> History:
        """The outcomes of the trials `known`, in their order; the digits `first` count as seen."""
        numbers = list(known)
        speeds = np.array([_speed(self.records[n]) for n in numbers], dtype=np.float64)
        best = speeds.max(initial=0.0)
        return History(
            self.space.stack([self._digits[n] for n in numbers]),
            speeds / best if best > 0 else speeds,
            frozenset(self._seen) | frozenset(self.space.indices(self.space.stack(first))),
        )

    def _plan(self, proposal: Proposal, best_s: float | None) -> None:
        index = self.space.indices(proposal.digits[None, :])[0]
        predicted_s = _predicted_s(proposal.predicted, best_s)
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

    def _keep(self, record: Record) -> None:
        self.records[record.number] = record
        if record.is_better_than(self.best):
            self.best = record

    def _settle(self) -> None:
        """Draw conclusions from outcomes, in order of trial number whatever came first."""
        while self._settled in self.records:
            self._settle_next(self.records[self._settled])
        if self.finished is None and self._settled == len(self._digits):
            if self._settled == self.trials:
                self.finished = "every trial is done"
            elif self._is_exhausted:
                self.finished = "every configuration was tried"

    def _settle_next(self, record: Record) -> None:
        """Give up after `PATIENCE` failures in a row, or where nothing has got better for long."""
        self._settled += 1
        self._failures = 0 if record.outcome.is_ok else self._failures + 1
        if self._failures == PATIENCE:
            said = "; ".join(f"{n} x {reason}" for reason, n in self.commonest_failures())
            self.stop(f"{PATIENCE} candidates in a row failed: {said}")
        if record.can_be_best:
            self._fastest = min(self._fastest or record.rank, record.rank)
        if self._ends and self._settled == self._ends[0]:
            self._ends.popleft()
            self.batches += 1
            if self._settled < self.trials and self._is_stuck():
                self.stop(f"nothing better in the last {self._early_stop} trials")

    def _is_stuck(self) -> bool:
        """Whether the best, if there is any, is older than the run may wait for a better one."""
        if self._early_stop is None:
            return False
        newest = self._fastest[1] if self._fastest is not None else -1
        return self._settled - 1 - newest >= self._early_stop


def _distinct(space: Space, configs: Iterable[Mapping[str, Any]]) -> list[np.ndarray]:
    """The digits of each configuration, once."""
    digits = space.stack([space.digits(config) for config in configs])
    return list(dict(zip(space.indices(digits), digits, strict=True)).values())


def _predicted_s(score: float | None, best_s: float | None) -> float | None:
    """The time that a score relative to the best time known stands for."""
    if score is None or best_s is None:
        return None
    return best_s / max(score, 1 / SLOWEST)


def _speed(record: Record) -> float:
    """Calls a second; 0 for a failure."""
    return 1 / record.median_s if record.median_s else 0.0
