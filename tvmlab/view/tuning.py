"""A tuning run as a lab shows it: its figures, and its trials as points that travel as deltas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tvmlab.analysis.work import Work
from tvmlab.view.engine import RunState, Trial, TuningRun
from tvmlab.view.schema import Point, RefusalView, TunerView

IDLE = RunState("idle", "", 0, 0.0, None)


class Tuning:
    """The lab's current tuning run, if there was one; `run_number` tells runs apart."""

    def __init__(self, work: Work, why_not: str) -> None:
        self._work = work
        self._why_not = why_not
        self.run: TuningRun | None = None
        self.run_number = 0

    @property
    def is_on(self) -> bool:
        """Whether a run is going on, paused included."""
        return self._state().status in ("starting", "running", "paused", "stopping")

    @property
    def why_not(self) -> str:
        """Why the workload cannot be tuned; empty where it can."""
        return self._why_not

    def begin(self, run: TuningRun) -> None:
        """Show `run` from now on."""
        self.run = run
        self.run_number += 1

    def rate(self, time_s: float | None) -> float | None:
        """A time in the run's unit: GFLOP/s, or calls a second where nothing is computed."""
        if not time_s:
            return None
        return self._work.flops / time_s / 1e9 if self._work.flops else 1 / time_s

    @property
    def unit(self) -> str:
        """The unit of `rate`."""
        return "GFLOP/s" if self._work.flops else "calls/s"

    def points(self, start: int) -> list[Point]:
        """The trials from position `start` on."""
        if self.run is None:
            return []
        return [
            (t.number, self.rate(t.time_s), self.rate(t.predicted_s), t.status)
            for t in self.run.trials(start)
        ]

    def _state(self) -> RunState:
        return self.run.state() if self.run is not None else IDLE

    def view(self, refusal: RefusalView | None) -> TunerView:
        """How the run stands, as plain data."""
        state = self._state()
        trials = self.run.trials(0) if self.run is not None else ()
        best = best_trial(trials)
        rate = self.rate(best.time_s) if best is not None else None
        failed = [t for t in trials if t.time_s is None]
        return {
            "status": state.status,  # type: ignore[typeddict-item]
            "is_available": not self._why_not,
            "reason": state.reason or self._why_not,
            "trials": state.trials,
            "done": len(trials),
            "failed": len(failed),
            "failures": failure_words(failed),
            "best": f"{rate:.3g} {self.unit}" if rate is not None else "",
            "best_number": best.number if best is not None else -1,
            "unit": self.unit,
            "elapsed_s": round(state.elapsed_s, 1),
            "eta_s": round(state.eta_s, 1) if state.eta_s is not None else None,
            "database": self.run.database if self.run is not None else "",
            "refusal": refusal,
        }


def best_trial(trials: Sequence[Trial]) -> Trial | None:
    """The fastest trial whose result was found right."""
    verified = [t for t in trials if t.time_s is not None and t.is_verified]
    return min(verified, key=lambda t: (t.time_s, t.number), default=None)


def failure_words(failed: Sequence[Trial]) -> str:
    """The kinds of failure with their counts, the commonest first."""
    kinds = Counter(t.status.replace("_", " ") for t in failed)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
