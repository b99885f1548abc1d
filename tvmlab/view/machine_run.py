"""A tuning run of `tvmlab.tune` as a lab shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.schedule import Step, step_from_json
from tvmlab.tune.client import Run
from tvmlab.tune.record import Record
from tvmlab.view.engine import RunState, Trial


class MachineRun:
    """A run in a process of its own, as `tvmlab.view.engine.TuningRun`."""

    def __init__(self, run: Run, changed: Callable[[], None]) -> None:
        self._run = run
        self._is_stopping = False
        self._trials: list[Trial] = []
        self.database = run.database or ""
        run.listen(lambda _: changed())

    def state(self) -> RunState:
        """How it stands now."""
        run, progress = self._run, self._run.progress
        # By its status, which it tells, and not by the end of its process, which nobody is told.
        is_stopping = self._is_stopping and run.status not in ("done", "failed")
        return RunState(
            status="stopping" if is_stopping else run.status,
            reason=run.reason,
            trials=int(progress.get("trials", run.setup.trials)),
            elapsed_s=float(progress.get("elapsed_s", 0.0)),
            eta_s=progress.get("left_s") if run.status == "running" else None,
        )

    def trials(self, start: int) -> Sequence[Trial]:
        """The trials from position `start` on, in order of arrival."""
        records = self._run.trials
        known = self._trials
        if len(known) < len(records):
            known = [*known, *map(_trial, records[len(known) : len(records)])]
            self._trials = known
        return known[start:]

    def steps(self, number: int) -> Sequence[Step]:
        """The schedule of trial `number`."""
        record = next((r for r in self._run.trials if r.number == number), None)
        if record is None:
            raise UsageError(f"there is no trial {number} in this run; open one of those shown.")
        if not record.trace:
            raise TvmlabError(
                f"trial {number} has no schedule: {record.outcome.reason}; open another."
            )
        return [step_from_json(step) for step in record.trace]

    def pause(self) -> None:
        """Begin no further trial until resumed."""
        self._run.pause()

    def resume(self) -> None:
        """Go on."""
        self._run.resume()

    def stop(self) -> None:
        """End the run; every trial is kept."""
        self._is_stopping = True
        self._run.stop()


def _trial(record: Record) -> Trial:
    return Trial(
        record.number,
        record.outcome.status,
        record.outcome.reason,
        record.median_s,
        record.predicted_s,
        record.outcome.verified,
    )
