"""Trials of the tuner as a lab shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.measure.figures import time_words
from tvmlab.measure.timing import median_interval
from tvmlab.tune.record import Record
from tvmlab.view.engine import Trial

IDLE_S = 60.0
"""A longer gap between two trials is a pause, or the time between two parts of a run that went on,
and counts as this."""


class Elapsed:
    """Turns moments in order into seconds since the first, long pauses shortened to `IDLE_S`."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._sum_s = 0.0

    def __call__(self, moment: float | None) -> float:
        """Seconds until `moment`, a time since 1970; where it is not known, until the last one."""
        if moment is not None:
            gap = 0.0 if self._last is None else moment - self._last
            self._sum_s += min(max(gap, 0.0), IDLE_S)
            self._last = moment
        return self._sum_s


def trial_of(record: Record, at_s: float) -> Trial:
    """A trial of ours, at the pace that the machine had: a run that finds it slower than at first
    keeps times at the first pace, which is what its model foretells."""
    outcome = record.outcome.as_measured
    foretold_s = record.predicted_s
    return Trial(
        record.number,
        outcome.status,
        outcome.reason,
        outcome.median_s if outcome.is_ok else None,
        foretold_s * record.outcome.slowdown if foretold_s is not None else None,
        outcome.verified,
        interval_of(outcome.times_s) if outcome.is_ok else None,
        at_s,
        choice_texts(record.config),
        record.outcome.slowdown,
    )


def best_words(time_s: float, slowdown: float) -> str:
    """The time of a run's best trial, as measured; where the machine's pace had changed by then, so
    much that it shows, how fast it was."""
    pace = f"{100 * 1 / slowdown:.0f} %"
    words = time_words(time_s)
    return words if pace == "100 %" else f"{words} at {pace} of the first pace"


def interval_of(times_s: tuple[float, ...]) -> tuple[float, float] | None:
    """Where the true median of `times_s` lies, as `tvmlab.measure.timing` tells; with few repeats
    the least and the most."""
    if not times_s:
        return None
    low, high, _ = median_interval(times_s)
    return low, high


def choice_texts(choices: Mapping[str, Any]) -> dict[str, str]:
    """Decisions as text, sequences without their brackets."""
    return {name: _text(option) for name, option in choices.items()}


def _text(option: Any) -> str:
    return ", ".join(map(str, option)) if isinstance(option, tuple | list) else str(option)
