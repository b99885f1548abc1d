"""Measuring the state shown, comparing it, pricing its steps, going back to what was measured."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import CERTIFIED, Protocol
from tvmlab.schedule import State
from tvmlab.view.arguments import as_position
from tvmlab.view.desk import Desk
from tvmlab.view.duel import Duel, fight
from tvmlab.view.engine import Peaks
from tvmlab.view.going import Going
from tvmlab.view.measurements import Measurements, failure_words
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.preferences import preferred_protocol
from tvmlab.view.roofline import Roofline
from tvmlab.view.schema import MeasureView
from tvmlab.view.waterfall import Waterfall


class MeasurePart(Part):
    """Shows a `MeasureView`."""

    name = "measure"
    slow = frozenset({"measure", "compare", "price", "peaks"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._going = Going(desk)
        self._measurements = Measurements(desk.work)
        self._peaks: Peaks | None = None
        self._why_not_counted = ""
        self._duel: Duel | None = None
        self._waterfall: Waterfall | None = None

    def view(self) -> MeasureView:
        """Everything measured."""
        desk, going, made = self.desk, self._going, self._measurements
        state, pinned, latest = desk.state, desk.pinned, made.latest
        status = "failed" if made.reason else "ready" if made.results else "idle"
        return {
            "status": "working" if going.kind else status,  # type: ignore[typeddict-item]
            "going": going.kind,  # type: ignore[typeddict-item]
            "stage": going.stage,
            "last": latest.view(state) if latest is not None else None,
            "history": [r.view(state) for r in made.results],
            "reason": made.reason,
            "refusal": desk.refusal("measure"),
            "why_not_counted": self._why_not_counted,
            "pinned": (pinned.line or "no step") if pinned is not None else "",
            "is_pinned_shown": pinned is state,
            "duel": self._duel.view(pinned, state) if self._duel is not None else None,
            "roofline": (
                Roofline(desk.work, self._peaks).view(made.trail(state.states()), state)
                if self._peaks is not None
                else None
            ),
            "waterfall": self._waterfall.view(state) if self._waterfall is not None else None,
        }

    def intents(self) -> Mapping[str, Handler]:
        """Measuring in its ways, ending it, and opening a result."""
        return {
            "measure": self._measure,
            "compare": self._compare,
            "price": self._price,
            "peaks": self._find_peaks,
            "cancel_measuring": self._cancel,
            "open_result": self._open,
        }

    def forget_target(self) -> None:
        """Nothing was measured."""
        self._going.cancel()
        self._measurements = Measurements(self.desk.work)
        self._peaks = self._duel = self._waterfall = None

    def close(self) -> None:
        """End what goes on."""
        self._going.cancel()

    def _measure(self, intent: Intent) -> None:
        is_certified = intent.get("certified") is True
        with self._going.begin("certified" if is_certified else "quick") as is_free:
            if not is_free:
                return
            with self.desk.lock:
                state, made = self.desk.state, self._measurements
                made.reason = ""
            protocol = CERTIFIED if is_certified else preferred_protocol()
            try:
                outcome = self.desk.engine.measure(
                    state, self._going.reach, protocol, self._going.is_cancelled
                )
                peaks = self.desk.engine.peaks(state) if outcome and outcome.is_ok else None
            except TvmlabError as error:
                self._fail(str(error))
                return
            why_not = self.desk.engine.why_not_counted()
            with self.desk.lock:
                self._why_not_counted = why_not
                if made is not self._measurements:
                    return  # for another target
                if outcome is not None:
                    made.settle(state, outcome, peaks, is_certified)
                    if outcome.median_s is not None:
                        self.desk.times[state] = outcome.median_s
                self._peaks = peaks or self._peaks

    def _compare(self, intent: Intent) -> None:
        with self.desk.lock:
            pinned, state = self.desk.pinned, self.desk.state
        if pinned is None:
            raise UsageError("no state is pinned to compare with; pin one first.")
        if pinned is state:
            raise UsageError("the state shown is the pinned one; go to another one first.")
        with self._going.begin("compare") as is_free:
            if not is_free:
                return
            try:
                found = fight(pinned, state, self._time)
            except TvmlabError as error:
                self._fail(str(error))
                return
            with self.desk.lock:
                if isinstance(found, Duel):
                    self._duel, self._measurements.reason = found, ""
                elif found is not None:
                    self._measurements.reason = failure_words(found)

    def _price(self, intent: Intent) -> None:
        with self.desk.lock:
            state = self.desk.state
        if not state.depth:
            raise UsageError("the schedule has no step to price; take one first.")
        with self._going.begin("price") as is_free:
            if not is_free:
                return
            waterfall = Waterfall(state)
            with self.desk.lock:
                self._waterfall, self._measurements.reason = waterfall, ""
            try:
                waterfall.measure(self._time)
            except TvmlabError as error:
                self._fail(str(error))

    def _find_peaks(self, intent: Intent) -> None:
        """What the machine can do, without measuring a program."""
        with self._going.begin("peaks") as is_free:
            if is_free and self._peaks is None:
                self._going.reach("Looking up what this machine can do…")
                peaks = self.desk.engine.peaks(self.desk.state)
                with self.desk.lock:
                    self._peaks = peaks

    def _time(self, state: State, said: str, protocol: Protocol) -> Outcome | None:
        """One of several measurements of which only `said` is told."""
        self._going.reach(said)
        return self.desk.engine.measure(
            state, lambda stage: None, protocol, self._going.is_cancelled
        )

    def _fail(self, reason: str) -> None:
        with self.desk.lock:
            self._measurements.reason = reason

    def _cancel(self, intent: Intent) -> None:
        self._going.cancel()

    def _open(self, intent: Intent) -> None:
        number = as_position(intent, "number")
        result = self._measurements.find(number)
        if result is None:
            raise UsageError(f"there is no measurement {number}; open one of those listed.")
        self.desk.show(result.state)
