"""One trial: what was tried, what was expected of it, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tvmlab.errors import MeasureError
from tvmlab.measure.outcome import Outcome


@dataclass(frozen=True)
class Candidate:
    """A configuration about to be measured.

    Attributes:
        number: its place in the run, from 0.
        index: its index in the space.
        config: knob name -> option.
        trace: its schedule steps as JSON; empty where it was refused.
        predicted_s: seconds a call should take, as the model said before it was measured; None
            where there was no model yet.
        refused: its outcome, where it is illegal and there is nothing to measure.
    """

    number: int
    index: int
    config: dict[str, Any]
    trace: list[dict[str, Any]]
    predicted_s: float | None = None
    refused: Outcome | None = None


@dataclass(frozen=True)
class Record:
    """A candidate with its outcome; the fields are those of `Candidate`."""

    number: int
    index: int
    config: dict[str, Any]
    trace: list[dict[str, Any]]
    predicted_s: float | None
    outcome: Outcome

    @classmethod
    def of(cls, candidate: Candidate, outcome: Outcome) -> Record:
        """The record of `candidate` ending in `outcome`."""
        return cls(
            candidate.number,
            candidate.index,
            candidate.config,
            candidate.trace,
            candidate.predicted_s,
            outcome,
        )

    @property
    def median_s(self) -> float | None:
        """Median seconds of a call; None for a failure."""
        return self.outcome.median_s if self.outcome.is_ok else None

    @property
    def can_be_best(self) -> bool:
        """Whether it ran well and its result was found right."""
        return self.outcome.is_ok and self.outcome.verified

    @property
    def rank(self) -> tuple[float, int]:
        """Sorts records by time; of equal ones the earlier trial comes first."""
        return (self.median_s or math.inf, self.number)

    def is_better_than(self, best: Record | None) -> bool:
        """Whether it is the best of a run whose `best` was this so far, or None."""
        return self.can_be_best and (best is None or self.rank < best.rank)

    def to_json(self) -> dict[str, Any]:
        """This record as plain data; `from_json` gives it back."""
        return {
            "number": self.number,
            "index": str(self.index),  # may exceed what JSON readers hold exactly
            "config": self.config,
            "trace": self.trace,
            "predicted_s": self.predicted_s,
            "outcome": self.outcome.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """The record that `to_json` wrote; MeasureError where the data is of another form."""
        try:
            return cls(
                number=int(data["number"]),
                index=int(data["index"]),
                config={name: _tuple(option) for name, option in data["config"].items()},
                trace=list(data["trace"]),
                predicted_s=data["predicted_s"],
                outcome=Outcome.from_json(data["outcome"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MeasureError(
                f"a trial's record cannot be read ({error!r}); give one that `to_json` wrote."
            ) from error


def _tuple(option: Any) -> Any:
    """JSON has no tuples, options no lists."""
    return tuple(_tuple(part) for part in option) if isinstance(option, list) else option
