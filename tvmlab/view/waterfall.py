"""What each step of a schedule is worth: the program with it against the program without.

A step is left out of the whole schedule where the later steps are legal without it; else the state
before it is compared with the state after it, which says what it did at its place, later steps not
counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tvmlab.errors import ScheduleError
from tvmlab.measure.contest import Ratio, ratio_of_runs
from tvmlab.measure.figures import figure
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import CONFIDENCE, Protocol
from tvmlab.schedule import State
from tvmlab.view.duel import Time
from tvmlab.view.measurements import failure_words
from tvmlab.view.schema import PriceView, WaterfallView

BRIEF = Protocol(min_repeats=7, limit_s=0.05, patience_s=6.0)
"""How a state is timed: of fewer than seven repeats two intervals are not 95 % sure together."""


@dataclass
class Price:
    """A step, the states with and without it, and how they compared; filled in as it becomes known.

    Attributes:
        index: the step's place in the schedule, from 0.
        way: as in `PriceView`.
        reason: why it is not simply left out; empty where it is.
        without, including: the states compared.
    """

    index: int
    text: str
    way: Literal["without", "before"]
    reason: str
    without: State
    including: State
    status: Literal["waiting", "working", "done", "failed"] = "waiting"
    ratio: Ratio | None = None
    failure: str = ""

    @property
    def verdict(self) -> Literal["", "paid", "cost", "can't tell"]:
        """Whether the step made the program faster."""
        if self.ratio is None:
            return ""
        if not self.ratio.is_certain:
            return "can't tell"
        return "paid" if self.ratio.median > 1 else "cost"

    def words(self) -> str:
        """The price in words, or why there is none."""
        if self.ratio is None:
            return self.failure
        if self.verdict == "paid":
            return f"{figure(self.ratio.median)} times faster with it"
        if self.verdict == "cost":
            return f"{figure(1 / self.ratio.median)} times slower with it"
        if self.ratio.confidence < CONFIDENCE:
            return "can't tell: too few repeats"
        return "can't tell"

    def settle(self, without: Outcome, including: Outcome) -> None:
        """Take what the two states came to."""
        self.status = "done"
        if not without.is_ok:
            self.status, self.failure = "failed", f"without it: {failure_words(without)}"
        elif not including.is_ok:
            self.status, self.failure = "failed", f"with it: {failure_words(including)}"
        else:
            self.ratio = ratio_of_runs(without.times_s, including.times_s)

    def view(self) -> PriceView:
        """As plain data."""
        ratio = self.ratio or Ratio(0.0, 0.0, 0.0, 0.0)
        return {
            "index": self.index,
            "text": self.text,
            "way": self.way,
            "reason": self.reason,
            "status": self.status,
            "ratio": ratio.median,
            "low": ratio.low,
            "high": ratio.high,
            "verdict": self.verdict,
            "words": self.words(),
        }


class Waterfall:
    """The steps that led to `tip`, with their prices as they come in."""

    def __init__(self, tip: State) -> None:
        self.tip = tip
        self.prices = prices_of(tip)
        self._last: tuple[State, Outcome] | None = None

    def view(self, current: State) -> WaterfallView:
        """As plain data; `current` is the state now shown."""
        rows = [price.view() for price in self.prices]
        return {"rows": rows, "words": self.words(), "is_stale": current is not self.tip}

    def words(self) -> str:
        """Which step paid most, as far as it is known and can be told."""
        known = [(p, p.ratio) for p in self.prices if p.ratio is not None]
        if not known:
            return ""
        paid = [(p, ratio) for p, ratio in known if p.verdict == "paid"]
        cost = [p for p, _ in known if p.verdict == "cost"]
        said = ["No step can be told to have paid."]
        if paid:
            best, most = max(paid, key=lambda pair: pair[1].median)
            first = [p for p, ratio in paid if ratio.high >= most.low]
            said = [f"Step {best.index + 1} paid most: {best.words()}."]
            if len(first) > 1:
                said = [f"{_listed(first)} paid most; which of them more can't be told."]
        if cost:
            said.append(f"The program would be faster without {_listed(cost).lower()}.")
        return " ".join(said)

    def measure(self, time_one: Time) -> None:
        """Fill in the prices one after another, until `time_one` says that it was cancelled.

        The states near the end first: they are the quick ones, while the program before its first
        step may take seconds a call.
        """
        try:
            for price in sorted(self.prices, key=lambda p: (p.way == "before", -p.index)):
                price.status = "working"
                pair = self._timed(price, time_one)
                if pair is None:
                    return
                price.settle(*pair)
        finally:
            for price in self.prices:
                if price.status == "working":
                    price.status = "waiting"

    def _timed(self, price: Price, time_one: Time) -> tuple[Outcome, Outcome] | None:
        """The outcomes without the step and with it, one measured right after the other; None where
        cancelled."""
        found = dict([self._last] if self._last is not None else [])
        for state, which in ((price.without, "without it"), (price.including, "with it")):
            if state not in found:
                said = f"Step {price.index + 1} of {len(self.prices)}: {which}"
                outcome = time_one(state, said, BRIEF)
                if outcome is None:
                    return None
                found[state], self._last = outcome, (state, outcome)
        return found[price.without], found[price.including]


def prices_of(tip: State) -> list[Price]:
    """The steps that led to `tip`, with the states that tell what each is worth."""
    states, steps = tip.states(), tip.steps
    prices = []
    for index in range(len(steps)):
        text = states[index + 1].line
        state, reason = states[index], ""
        for number, later in enumerate(steps[index + 1 :], index + 2):
            try:
                state = state.apply(later)
            except ScheduleError as error:
                reason = f"step {number} needs it: {error.refusal.why}"
                break
        if reason:
            prices.append(Price(index, text, "before", reason, states[index], states[index + 1]))
        else:
            prices.append(Price(index, text, "without", "", state, tip))
    return prices


def _listed(prices: Sequence[Price]) -> str:
    """`Steps 1, 2 and 4`."""
    *others, last = [str(price.index + 1) for price in prices]
    return f"Steps {', '.join(others)} and {last}" if others else f"Step {last}"
