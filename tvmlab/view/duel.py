"""Two states against each other, timed in turns: faster, slower, or can't tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tvmlab.measure.contest import TURNS, Ratio, ratio_by_turns, turn_order
from tvmlab.measure.figures import figure
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import Protocol
from tvmlab.schedule import State
from tvmlab.view.schema import DuelView

MOST_TURNS = 2 * TURNS
"""Turns where time allows: two at each end may be disturbed without harm to the interval."""

PATIENCE_S = 8.0
"""Seconds after which no further turn begins once `TURNS` are made. How many are made hangs on the
time they take and never on how they went, which would spoil the interval."""

TURN = Protocol(min_repeats=3, limit_s=0.06, patience_s=0.5)
"""What a state gets in a turn."""

Time = Callable[[State, str, Protocol], Outcome | None]
"""Measures a state, saying what it is at; None where it was cancelled."""


@dataclass(frozen=True)
class Duel:
    """How one ended: the pinned state's time over that of `state`, in so many turns."""

    pinned: State
    state: State
    ratio: Ratio
    turns: int

    def view(self, pinned: State | None, state: State) -> DuelView:
        """As plain data; `pinned` and `state` are those of now."""
        ratio = self.ratio
        faster = "faster" if ratio.median > 1 else "slower"
        return {
            "verdict": faster if ratio.is_certain else "can't tell",  # type: ignore[typeddict-item]
            "ratio": ratio.median,
            "low": ratio.low,
            "high": ratio.high,
            "words": self._words(),
            "is_current": pinned is self.pinned and state is self.state,
        }

    def _words(self) -> str:
        ratio = self.ratio
        turns = f"{self.turns} turns each, {100 * ratio.confidence:.0f} % sure"
        if not ratio.is_certain:
            return (
                f"The pinned state takes from {figure(ratio.low)} to {figure(ratio.high)} times as "
                f"long: either may be the faster one ({turns})."
            )
        if ratio.median > 1:
            low, best, high = ratio.low, ratio.median, ratio.high
        else:
            low, best, high = 1 / ratio.high, 1 / ratio.median, 1 / ratio.low
        faster = "faster" if ratio.median > 1 else "slower"
        return (
            f"{figure(best)} times {faster} than the pinned state, from {figure(low)} to "
            f"{figure(high)} ({turns})."
        )


def fight(pinned: State, state: State, time_one: Time) -> Duel | Outcome | None:
    """Time both in turns: how it ended, the first failure, or None where it was cancelled."""
    both, turns = (pinned, state), []
    begin = time.monotonic()
    for turn in range(MOST_TURNS):
        if turn >= TURNS and time.monotonic() - begin > PATIENCE_S:
            break
        measured = [0.0, 0.0]
        for place in turn_order(turn, 2):
            said = f"Turn {turn + 1} of {MOST_TURNS}: {('the pinned state', 'this state')[place]}"
            outcome = time_one(both[place], said, TURN)
            if outcome is None or not outcome.is_ok:
                return outcome
            measured[place] = outcome.median_s or 0.0
        turns.append((measured[0], measured[1]))
    return Duel(pinned, state, ratio_by_turns(turns), len(turns))
