"""Measuring the state shown, and going back to what was measured."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.view.arguments import as_position
from tvmlab.view.desk import Desk
from tvmlab.view.measurements import Measurements
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import MeasureView


class MeasurePart(Part):
    """Shows a `MeasureView`."""

    name = "measure"
    slow = frozenset({"measure"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._measurements = Measurements(desk.work)

    def view(self) -> MeasureView:
        """Everything measured."""
        return self._measurements.view(self.desk.state)

    def intents(self) -> Mapping[str, Handler]:
        """Measuring, and opening a result."""
        return {"measure": self._measure, "open_result": self._open}

    def _measure(self, intent: Intent) -> None:
        desk = self.desk
        with desk.lock:
            if self._measurements.is_working:
                return
            self._measurements.begin()
            state = desk.state
        desk.changed()
        try:
            outcome = desk.engine.measure(state, self._reach)
            peaks = desk.engine.peaks(state) if outcome.is_ok else None
        except TvmlabError as error:
            with desk.lock:
                self._measurements.fail(str(error))
        else:
            with desk.lock:
                self._measurements.settle(state, outcome, peaks)

    def _reach(self, stage: str) -> None:
        with self.desk.lock:
            self._measurements.reach(stage)
        self.desk.changed()

    def _open(self, intent: Intent) -> None:
        number = as_position(intent, "number")
        result = self._measurements.find(number)
        if result is None:
            raise UsageError(f"there is no measurement {number}; open one of those listed.")
        self.desk.show(result.state)
