"""What is told and what was measured of moves: figures beside each line of the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tvmlab.analysis.estimate import Estimate, ratio
from tvmlab.measure.contest import ratio_of_runs
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import Protocol
from tvmlab.schedule import State
from tvmlab.view.measurements import failure_words
from tvmlab.view.schema import ColumnView, PredictionView, TimedView

REMEMBERED = 64
"""States whose figures are kept."""

EACH = Protocol(warmup_s=0.002, min_repeats=7, limit_s=0.03, patience_s=1.0)
"""What a move gets: of fewer than seven repeats two intervals are not 95 % sure together."""


@dataclass
class Figures:
    """Of one state: what is told of it and of the states that moves lead to, by their lines."""

    now: Estimate | None
    told: dict[str, PredictionView | None]
    timed: dict[str, TimedView]


class Column:
    """The figures of every state that was looked at lately."""

    def __init__(self) -> None:
        self._known: dict[State, Figures] = {}
        self.reason = ""
        self.stage = ""

    def of(self, state: State) -> Figures:
        """The figures beside the moves of `state`."""
        known = self._known.setdefault(state, Figures(None, {}, {}))
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return known

    def view(self, state: State, lines: Sequence[str], is_telling: bool) -> ColumnView:
        """As plain data, for the lines listed, while more is told or not."""
        known = self.of(state)
        are_all = all(line in known.told for line in lines)
        now = known.now
        return {
            "told": "all" if are_all else "working" if is_telling else "none",
            "reason": self.reason,
            "now_s": now.time_s if now is not None else 0.0,
            "now_low_s": now.low_s if now is not None else 0.0,
            "now_high_s": now.high_s if now is not None else 0.0,
            "predictions": {line: known.told[line] for line in lines if line in known.told},
            "stage": self.stage,
            "timed": {line: known.timed[line] for line in lines if line in known.timed},
        }


def prediction(after: Estimate, before: Estimate | None) -> PredictionView:
    """How long, and how many times as long as `before`, as plain data."""
    told: PredictionView = {"time_s": after.time_s, "ratio": 0.0, "low": 0.0, "high": 0.0}
    if before is not None:
        found = ratio(after, before)
        told["ratio"], told["low"], told["high"] = found.value, found.low, found.high
    return told


def timed(after: Outcome, before: Outcome) -> TimedView:
    """A measured move against the state before it, measured next to it."""
    failed = "" if after.is_ok else failure_words(after)
    view: TimedView = {
        "reason": failed,
        "median_s": after.median_s or 0.0,
        "spread": after.spread or 0.0,
        "ratio": 0.0,
        "low": 0.0,
        "high": 0.0,
        "verdict": "",
    }
    if after.is_ok and before.is_ok:
        found = ratio_of_runs(after.times_s, before.times_s)
        faster = "faster" if found.median < 1 else "slower"
        view["ratio"], view["low"], view["high"] = found.median, found.low, found.high
        view["verdict"] = faster if found.is_certain else "can't tell"  # type: ignore[typeddict-item]
    return view
