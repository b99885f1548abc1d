"""Measurements in figures and words, with the state that each belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.analysis.work import Work
from tvmlab.measure.outcome import Outcome
from tvmlab.schedule import State
from tvmlab.view.engine import Peaks
from tvmlab.view.schema import ResultView

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


@dataclass(frozen=True)
class Result:
    """An outcome and what it is an outcome of."""

    number: int
    state: State
    outcome: Outcome
    work: Work
    peaks: Peaks | None

    def view(self, current: State) -> ResultView:
        """This result as plain data; `current` is the state now shown."""
        outcome = self.outcome
        median_s = outcome.median_s or 0.0
        return {
            "number": self.number,
            "label": self.state.line or "no step",
            "steps": self.state.depth,
            "status": outcome.status,
            "reason": outcome.reason,
            "median_s": median_s,
            "min_s": outcome.min_s or 0.0,
            "spread": outcome.spread or 0.0,
            "repeats": len(outcome.times_s),
            "gflop_per_s": self.work.flops / median_s / 1e9 if median_s else 0.0,
            "gb_per_s": self.work.size_bytes / median_s / 1e9 if median_s else 0.0,
            "share_of_peak": self.share_of_peak(),
            "peak_words": self.peak_words(),
            "agreement": self.agreement(),
            "is_current": self.state is current,
        }

    def share_of_peak(self) -> float:
        """The least possible time over the median time; 0 where either is unknown."""
        median_s = self.outcome.median_s
        least_s = max(self._least_s(), default=0.0)
        return least_s / median_s if median_s else 0.0

    def _least_s(self) -> tuple[float, ...]:
        """Seconds that arithmetic and memory traffic take at the machine's peaks."""
        if self.peaks is None:
            return ()
        work, peaks = self.work, self.peaks
        return work.flops / peaks.flop_per_s, work.size_bytes / peaks.byte_per_s

    def peak_words(self) -> str:
        """Which peak binds the workload, with its value."""
        if self.peaks is None:
            return "the machine's peak is not known yet"
        arithmetic_s, memory_s = self._least_s()
        if arithmetic_s >= memory_s:
            return f"{self.peaks.flop_per_s / 1e9:.0f} GFLOP/s measured: bound by arithmetic"
        return f"{self.peaks.byte_per_s / 1e9:.1f} GB/s measured: bound by memory"

    def agreement(self) -> str:
        """Whether the result was found right, in words."""
        if self.outcome.status == "wrong_answer":
            return f"Disagrees with numpy: {self.outcome.reason}"
        return "✓ Agrees with numpy." if self.outcome.verified else "Not compared with numpy."


def time_words(time_s: float) -> str:
    """A time with its unit, three digits: 12.3 ms."""
    scale, unit = next(((s, u) for s, u in UNITS if time_s >= s), UNITS[-1])
    return f"{time_s / scale:.3g} {unit}"


def result_words(result: ResultView) -> str:
    """One measurement as a line of text."""
    if result["status"] != "ok":
        return f"{result['status'].replace('_', ' ')}: {result['reason']}"
    return (
        f"{time_words(result['median_s'])}, spread {result['spread']:.1%} "
        f"(median of {result['repeats']}), {result['gflop_per_s']:.3g} GFLOP/s, "
        f"{result['gb_per_s']:.3g} GB/s, {result['share_of_peak']:.0%} of peak. "
        f"{result['agreement']}"
    )
