"""A tuning run: begun, held, ended, and its trials opened as schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.view.arguments import as_count, as_position
from tvmlab.view.desk import Desk
from tvmlab.view.engine import TuningRun
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import TunerView
from tvmlab.view.timeline import replayed
from tvmlab.view.tuning import Tuning


class TunerPart(Part):
    """Shows a `TunerView`; the points of the run travel as deltas."""

    name = "tuner"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._tuning = Tuning(desk.work, desk.engine.why_no_tuner(desk.start))

    def view(self) -> TunerView:
        """How the run stands."""
        return self._tuning.view(self.desk.refusal("tuner"))

    def points(self, start: int) -> tuple[int, list[Any]]:
        """The run's number, and its trials from position `start` on as points."""
        return self._tuning.run_number, list(self._tuning.points(start))

    def attach(self, begin: Callable[[Callable[[], None]], TuningRun]) -> None:
        """Show a run begun elsewhere: `begin` makes it of what it calls when it moved on."""
        self._tuning.begin(begin(self._moved_on))

    def close(self) -> None:
        """End the run; what it measured is kept."""
        if self._tuning.run is not None and self._tuning.is_on:
            self._tuning.run.stop()

    def intents(self) -> Mapping[str, Handler]:
        """The run's buttons, and opening a candidate."""
        return {
            "tune_start": self._start,
            "tune_pause": self._pause,
            "tune_resume": self._resume,
            "tune_stop": self._stop,
            "open_candidate": self._open,
        }

    def _moved_on(self) -> None:
        self.desk.changed("tuning")

    def _start(self, intent: Intent) -> None:
        if self._tuning.why_not:
            raise UsageError(self._tuning.why_not)
        if self._tuning.is_on:
            raise UsageError("a tuning run is on already; stop it before starting another.")
        trials = as_count(intent, "trials")
        self._tuning.begin(self.desk.engine.tune(self.desk.state, trials, self._moved_on))

    def _pause(self, intent: Intent) -> None:
        if self._tuning.run is not None:
            self._tuning.run.pause()

    def _resume(self, intent: Intent) -> None:
        if self._tuning.run is not None:
            self._tuning.run.resume()

    def _stop(self, intent: Intent) -> None:
        if self._tuning.run is not None:
            self._tuning.run.stop()

    def _open(self, intent: Intent) -> None:
        if self._tuning.run is None:
            raise UsageError("there is no tuning run to open a trial of; start one first.")
        number = as_position(intent, "number")
        state = replayed(self.desk.start.first, self._tuning.run.steps(number))
        self.desk.show(state, notice=f"This is trial {number} of the tuning run.")
