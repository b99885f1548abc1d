"""What a time means: operations a second, and the share of what this machine was measured to do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tvmlab.analysis.work import Work, work_of
from tvmlab.cli.finding import giga
from tvmlab.measure.plausibility import least_time_s
from tvmlab.schedule.state import State
from tvmlab.targets.cpu.limits import cpu_features, cpu_peaks

_SAME = 1.05  # two limits this near each other count as one


@dataclass(frozen=True)
class Speed:
    """The speeds of kernels that compute what `state` does, on all threads of this machine."""

    state: State

    @property
    def flops(self) -> float:
        """Operations of one call, counted on the program before any step."""
        return self._work.flops

    @property
    def size_bytes(self) -> float:
        """Bytes of all inputs and outputs."""
        return self._work.size_bytes

    @cached_property
    def _work(self) -> Work:
        return work_of(self.state.first.program)

    def rate(self, time_s: float) -> str:
        """A time as GFLOP/s, or as GB/s where nothing is computed, and what it is without."""
        left_out = f", {self._work.left_out}" if self._work.left_out else ""
        if self.flops:
            return f"{giga(self.flops / time_s)} GFLOP/s{left_out}"
        return f"{giga(self.size_bytes / time_s)} GB/s{left_out}"

    def share(self, time_s: float) -> str:
        """A time in words: its rate, and its share of the limit that binds this workload."""
        dtype = self.state.outputs[0].dtype
        peaks = cpu_peaks()
        peak_flop_per_s = peaks.peak_flop_per_s(dtype)
        arithmetic_s = self.flops / peak_flop_per_s
        least_s = least_time_s(self.flops, self.size_bytes, cpu_features(), peaks, dtype)
        if arithmetic_s * _SAME >= least_s:
            limit = f"measured peak of {giga(peak_flop_per_s)} GFLOP/s"
            share = f"{100 * arithmetic_s / time_s:.0f} % of this machine's {limit}"
            return f"{self.rate(time_s)}, {share}"
        moved = f"{giga(self.size_bytes / time_s)} GB/s of inputs and outputs"
        share = f"{100 * least_s / time_s:.0f} % of what this machine's memory was measured to do"
        words = f"{moved}, {share}"
        return f"{self.rate(time_s)}, {words}" if self.flops else words
