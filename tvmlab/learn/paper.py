"""One answer on the grader's desk: its schedules at every size, right or wrong, fast or slow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from statistics import median
from typing import Any, NamedTuple

from tvmlab.errors import ScheduleError, TraceError, UsageError
from tvmlab.learn.answer import Answer, state_of
from tvmlab.learn.bench import Bench
from tvmlab.learn.calibration import LEAST_SURE, MOST_SURE, Guess
from tvmlab.learn.exercise import Exercise
from tvmlab.measure.timing import duration
from tvmlab.schedule import State, replay_python

TOLERANCE = 0.02
"""A speed this close below the one asked for counts as reached: no timing is much more exact."""


class Mark(NamedTuple):
    """One thing looked at.

    Attributes:
        what: the thing, in a few words.
        share: how far it was reached, 0 to 1.
        weight: its share of the exercise's points.
        words: what was found, and what would do better.
        needed: the share that passing takes.
    """

    what: str
    share: float
    weight: float
    words: str
    needed: float = 1.0

    @property
    def is_passed(self) -> bool:
        """Whether it was reached as far as passing takes."""
        return self.share >= self.needed

    def to_json(self) -> dict[str, Any]:
        """As plain data, the share to four digits."""
        share = round(self.share, 4)
        return {"what": self.what, "passed": self.is_passed, "share": share, "words": self.words}


class Paper:
    """An answer to an exercise, and the means to judge it."""

    def __init__(self, exercise: Exercise, answer: Answer, bench: Bench, seed: int) -> None:
        self.exercise = exercise
        self.answer = answer
        self.bench = bench
        self.seed = seed

    # ---- schedules

    @cached_property
    def states(self) -> list[State]:
        """The schedules handed in.

        Raises:
            TraceError: one is not readable, or of another expression.
            ScheduleError: a step is illegal.
        """
        exercise = self.exercise
        if not self.answer.traces:
            raise TraceError(
                f"the answer to {exercise.name!r} has no schedule; hand in a schedule, a lab, or "
                "the lines of its steps."
            )
        begin = exercise.state if self.answer.goes_on else exercise.naive
        found = [state_of(trace, exercise.naive, begin) for trace in self.answer.traces]
        for state in found:
            if any("t.hole(" in each.line for each in state.states()):
                raise TraceError("the answer leaves holes open; fill each with a value.")
        return found

    @property
    def state(self) -> State:
        """The one schedule handed in; TraceError where there are several."""
        if len(self.states) != 1:
            raise TraceError(f"the answer has {len(self.states)} schedules; hand in one.")
        return self.states[0]

    @cached_property
    def reference(self) -> State:
        """The schedule that the author compares with."""
        return replay_python(self.exercise.naive, self.exercise.answer_key.reference)

    def right(self, weight: float, state: State | None = None) -> Mark:
        """Whether a schedule computes what it must, at the sizes shown and at hidden ones."""
        what, chosen = "right", self.state if state is None else state
        states = [chosen]
        for sizes in self.exercise.answer_key.hidden:
            naive = State.start(self.exercise.subject.at(sizes))
            try:
                states.append(naive.replay(chosen.steps))
            except ScheduleError as error:
                why = f"at a size not shown a step is refused: {error}"
                return Mark(what, 0.0, weight, f"{why} Write steps that fit any size.")
        for number, outcome in enumerate(self.bench.check(states, self.seed)):
            if not outcome.is_ok:
                where = "at a size not shown" if number else "at the size of the exercise"
                status = outcome.status.replace("_", " ")
                return Mark(what, 0.0, weight, f"{where}: {status}, {outcome.reason}")
        hidden = len(states) - 1
        more = f" and at {hidden} size{'s' * (hidden > 1)} not shown" if hidden else ""
        return Mark(what, 1.0, weight, f"every element agrees with NumPy, at this size{more}")

    def seconds(self, states: Sequence[State]) -> list[float | str]:
        """Median seconds of each state, measured in turns; the reason where one fails."""
        outcomes = self.bench.race(states, self.seed)
        return [
            median(o.times_s) if o.is_ok else f"{o.status.replace('_', ' ')}, {o.reason}"
            for o in outcomes
        ]

    def speed(self, share: float, weight: float, state: State | None = None) -> Mark:
        """Whether a schedule reaches `share` of the reference's speed, with partial points."""
        what = f"{100 * share:.0f} % of the reference's speed"
        own_s, reference_s = self.seconds([state or self.state, self.reference])
        if isinstance(reference_s, str):
            raise UsageError(f"the reference of {self.exercise.name!r} fails here: {reference_s}")
        if isinstance(own_s, str):
            return Mark(what, 0.0, weight, own_s)
        reached = reference_s / own_s
        words = (
            f"{duration(own_s)} against {duration(reference_s)} of the reference, measured in "
            f"turns: {100 * reached:.0f} % of its speed"
        )
        full = reached >= share * (1 - TOLERANCE)
        return Mark(what, 1.0 if full else reached / share, weight, words)

    # ---- guesses

    def choice(self, options: Sequence[str]) -> str:
        """The choice made; TraceError where it is none of `options`."""
        chosen = str(self.answer.settings.get("choice", ""))
        if chosen not in options:
            raise TraceError(
                f"the answer to {self.exercise.name!r} is one of {', '.join(options)}"
                + (f", not {chosen[:40]!r}." if chosen else "; it says none.")
            )
        return chosen

    def guess(self, is_right: bool, words: str, weight: float = 0.7) -> list[Mark]:
        """Marks for a guess: whether it is right, and how well its confidence fitted."""
        made = Guess(self._confidence(), is_right)
        fitted = f"{100 * made.confidence:.0f} % sure: Brier score {made.brier:.2f}, 0 is best"
        return [
            Mark("the guess", float(is_right), weight, words),
            Mark("its confidence", 1 - made.brier, 1 - weight, fitted, needed=0.0),
        ]

    def _confidence(self) -> float:
        given: Any = self.answer.settings.get("confidence", MOST_SURE)
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        if not is_number or not LEAST_SURE <= given <= MOST_SURE:
            raise TraceError(
                f"a confidence is a number from {LEAST_SURE} (a coin) to {MOST_SURE:g} (certain), "
                f"not {given!r}."
            )
        return float(given)
