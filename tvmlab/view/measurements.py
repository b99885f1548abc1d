"""The measurements of a lab: the one going on, the latest, and all before it."""

from __future__ import annotations

from tvmlab.analysis.work import Work
from tvmlab.measure.outcome import Outcome
from tvmlab.schedule import State
from tvmlab.view.engine import Peaks
from tvmlab.view.results import Result
from tvmlab.view.schema import MeasureView


class Measurements:
    """Results in order, numbered from 1; at most one measurement goes on at a time."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.results: list[Result] = []
        self.is_working = False
        self._stage = ""
        self._reason = ""

    def begin(self) -> None:
        """A measurement goes on."""
        self.is_working = True
        self._stage, self._reason = "", ""

    def reach(self, stage: str) -> None:
        """The measurement has come to `stage`, in words."""
        self._stage = stage

    def settle(self, state: State, outcome: Outcome, peaks: Peaks | None) -> None:
        """Take the outcome of measuring `state`."""
        self.is_working = False
        number = len(self.results) + 1
        self.results.append(Result(number, state, outcome, self._work, peaks))
        self._reason = "" if outcome.is_ok else _failure_words(outcome)

    def fail(self, reason: str) -> None:
        """The measurement could not be made at all."""
        self.is_working = False
        self._reason = reason

    def find(self, number: int) -> Result | None:
        """Result `number`."""
        return next((r for r in self.results if r.number == number), None)

    def view(self, current: State) -> MeasureView:
        """Everything measured, as plain data; `current` is the state now shown."""
        good = [r for r in self.results if r.outcome.is_ok]
        status = "working" if self.is_working else "failed" if self._reason else "ready"
        return {
            "status": status if self.results or status != "ready" else "idle",  # type: ignore[typeddict-item]
            "stage": self._stage,
            "last": good[-1].view(current) if good else None,
            "history": [r.view(current) for r in self.results],
            "reason": self._reason,
        }


def _failure_words(outcome: Outcome) -> str:
    status = outcome.status.replace("_", " ").capitalize()
    return f"{status} at stage {outcome.stage}: {outcome.reason}"
