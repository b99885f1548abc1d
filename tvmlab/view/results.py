"""Measurements in figures and words, with the state that each belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tvmlab.analysis.work import Work
from tvmlab.measure.figures import figure, scaled, time_words
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import CERTIFIED, CONFIDENCE, is_settled, median_interval
from tvmlab.schedule import State
from tvmlab.view.engine import Peaks
from tvmlab.view.schema import ResultView


@dataclass(frozen=True)
class Result:
    """An outcome and what it is an outcome of."""

    number: int
    state: State
    outcome: Outcome
    work: Work
    peaks: Peaks | None
    is_certified: bool = False

    @cached_property
    def interval(self) -> tuple[float, float, float]:
        """Seconds that enclose the true median, and how probably; zeros where it failed."""
        times_s = self.outcome.times_s
        return median_interval(times_s) if times_s else (0.0, 0.0, 0.0)

    def view(self, current: State) -> ResultView:
        """This result as plain data; `current` is the state now shown."""
        outcome = self.outcome
        median_s = outcome.median_s or 0.0
        low_s, high_s, confidence = self.interval
        return {
            "number": self.number,
            "label": self.state.line or "no step",
            "steps": self.state.depth,
            "status": outcome.status,
            "reason": outcome.reason,
            "is_certified": self.is_certified,
            "median_s": median_s,
            "low_s": low_s,
            "high_s": high_s,
            "confidence": confidence,
            "doubt": self.doubt(),
            "min_s": outcome.min_s or 0.0,
            "spread": outcome.spread or 0.0,
            "repeats": len(outcome.times_s),
            "gflop_per_s": self.work.flops / median_s / 1e9 if median_s else 0.0,
            "gb_per_s": self.work.size_bytes / median_s / 1e9 if median_s else 0.0,
            "share_of_peak": self.share_of_peak(),
            "peak_words": self.peak_words(),
            "agreement": self.agreement(),
            "counted": self.counted(),
            "is_current": self.state is current,
        }

    def doubt(self) -> str:
        """Why the median is not known as well as was asked for; empty where it is."""
        times_s, (low_s, high_s, confidence) = self.outcome.times_s, self.interval
        if not times_s or self.outcome.median_s is None:
            return ""
        if len(times_s) == 1:
            return "one repeat: it took too long for more, so nothing says how it varies"
        if confidence < CONFIDENCE:
            few = f"{len(times_s)} repeat{'s' * (len(times_s) > 1)}"
            return f"{few}: the interval is only {100 * confidence:.0f} % sure"
        if self.is_certified and not is_settled(times_s, CERTIFIED):
            share = (high_s - low_s) / self.outcome.median_s
            return f"can't tell to 1 %: the interval is still {100 * share:.1f} % wide"
        return ""

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

    def counted(self) -> str:
        """What the processor counted during a call, in words; empty where nothing."""
        counters = self.outcome.counters
        if not counters:
            return ""
        words = [f"{scaled(value).rstrip()} {name}" for name, value in counters.items()]
        cycles = counters.get("cycles", 0.0)
        each = counters.get("instructions", 0.0) / cycles if cycles else 0.0
        pace = f"; {figure(each)} instructions a cycle" if each else ""
        return f"Counted by the processor, a call: {', '.join(words)}{pace}."

    def agreement(self) -> str:
        """Whether the result was found right, in words."""
        if self.outcome.status == "wrong_answer":
            return f"Disagrees with numpy: {self.outcome.reason}"
        agrees = "✓ Agrees with numpy" if self.outcome.verified else "Not compared with numpy"
        left_out = self.work.left_out
        return f"{agrees}; the time is {left_out}." if left_out else f"{agrees}."


def result_words(result: ResultView) -> str:
    """One measurement as a line of text."""
    if result["status"] != "ok":
        return f"{result['status'].replace('_', ' ')}: {result['reason']}"
    return (
        f"{time_words(result['median_s'])} ({time_words(result['low_s'])} to "
        f"{time_words(result['high_s'])}), spread {100 * result['spread']:.1f} % "
        f"(median of {result['repeats']}), {figure(result['gflop_per_s'])} GFLOP/s, "
        f"{figure(result['gb_per_s'])} GB/s, {100 * result['share_of_peak']:.0f} % of peak. "
        f"{result['agreement']}"
    )
