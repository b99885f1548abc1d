"""The measurements of a lab: all that were made, and how the latest ended."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.analysis.work import Work
from tvmlab.measure.outcome import Outcome
from tvmlab.schedule import State
from tvmlab.view.engine import Peaks
from tvmlab.view.results import Result


class Measurements:
    """Results in order, numbered from 1; `reason` says why the latest is none."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.results: list[Result] = []
        self.reason = ""

    def settle(
        self, state: State, outcome: Outcome, peaks: Peaks | None, is_certified: bool
    ) -> None:
        """Take the outcome of measuring `state`."""
        number = len(self.results) + 1
        self.results.append(Result(number, state, outcome, self.work, peaks, is_certified))
        self.reason = "" if outcome.is_ok else failure_words(outcome)

    def find(self, number: int) -> Result | None:
        """Result `number`."""
        return next((r for r in self.results if r.number == number), None)

    @property
    def latest(self) -> Result | None:
        """The latest that did not fail."""
        return next((r for r in reversed(self.results) if r.outcome.is_ok), None)

    def trail(self, states: Sequence[State]) -> list[Result]:
        """The result that is known best for each of `states` that has one: a certified one before
        others, the latest of them."""
        found = []
        for state in states:
            results = [r for r in self.results if r.state is state and r.outcome.is_ok]
            if results:
                found.append(max(results, key=lambda r: (r.is_certified, r.number)))
        return found


def failure_words(outcome: Outcome) -> str:
    """How a measurement failed, in words."""
    status = outcome.status.replace("_", " ").capitalize()
    return f"{status} at stage {outcome.stage}: {outcome.reason}"
