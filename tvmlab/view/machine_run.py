"""A tuning run of `tvmlab.tune` as a lab shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.ir.program import Program
from tvmlab.schedule import Step
from tvmlab.tune.client import attach
from tvmlab.tune.contributions import Contributions
from tvmlab.tune.run import Run
from tvmlab.view.engine import RunFacts, RunState, Trial
from tvmlab.view.hindsights import Hindsights
from tvmlab.view.recorded_run import facts_of, painted, record_of, steps_of
from tvmlab.view.schema import LoopRef
from tvmlab.view.trials import Elapsed, trial_of


class MachineRun:
    """A run in a process of its own, as `tvmlab.view.engine.TuningRun`."""

    def __init__(self, run: Run, changed: Callable[[], None]) -> None:
        self._run = run
        self._is_stopping = False
        self._trials: list[Trial] = []
        self._elapsed = Elapsed()
        self._hindsights = Hindsights(run.setup, lambda: tuple(run.trials))
        run.listen(lambda _: changed())

    @property
    def client(self) -> Run:
        """The run itself, as the notebook holds it."""
        return self._run

    @property
    def facts(self) -> RunFacts:
        """What it is; its number is 0 until its process told it."""
        number = int(self._run.started.get("session", 0))
        return facts_of(self._run.setup, self._run.database or "", number)

    @property
    def batch(self) -> int:
        """Trials between two fits of its model; 0 until its process told it."""
        return int(self._run.started.get("batch", 0))

    @property
    def explanation(self) -> Mapping[str, Any]:
        """What its model goes by; empty where that is not known."""
        return self._run.explained

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
            device_share=progress.get("device_share"),
        )

    def trials(self, start: int) -> Sequence[Trial]:
        """The trials from position `start` on, in order of arrival."""
        records, known = self._run.trials, self._trials
        for n in range(len(known), len(records)):
            known.append(trial_of(records[n], self._elapsed(self._run.moments[n])))
        return known[start:]

    def steps(self, number: int) -> Sequence[Step]:
        """The schedule of trial `number`."""
        return steps_of(record_of(self._run.trials, number))

    def loops_of(self, number: int, columns: Sequence[str]) -> Mapping[str, Sequence[LoopRef]]:
        """The loops of trial `number` that features speak of."""
        return painted(self._run.setup, record_of(self._run.trials, number), columns)

    def contributions(self, of: int | Program) -> Contributions:
        """What a model that learnt from its trials makes of one of them, or of a program."""
        if isinstance(of, Program):
            return self._hindsights.of_program(of)
        return self._hindsights.of_trial(record_of(self._run.trials, of))

    def told(self, number: int) -> None:
        """Nothing: its trials have schedules."""

    def extended(self, trials: int, changed: Callable[[], None]) -> MachineRun:
        """This run, which is over, going on in a new process until it has so many trials."""
        number = self.facts.number
        if self._run.database is None or not number:
            raise UsageError(
                "this run is kept in memory alone, so it cannot go on; start another one."
            )
        return MachineRun(attach(self._run.database, number, trials), changed)

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
