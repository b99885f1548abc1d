"""The time below which this machine does not let a workload go."""

from __future__ import annotations

from tvmlab.ops import Workload
from tvmlab.targets.cpu.limits import CpuFeatures, CpuPeaks


def least_time_s(
    workload: Workload, threads: int, features: CpuFeatures, peaks: CpuPeaks
) -> tuple[float, str]:
    """Seconds, and what they go to: `arithmetic`, or the memory that the data come from.

    The longer of the operations at the measured peak and the compulsory bytes at the measured
    bandwidth. Calls follow one another on the same data, so these come from the smallest cache that
    holds them all (by half, for a cache is never all one's own), not from DRAM.
    """
    dtype = workload.inputs[0].dtype
    arithmetic_s = workload.flops / peaks.peak_flop_per_s(dtype, threads)
    memory = memory_of(workload.bytes, features)
    moving_s = workload.bytes / peaks.peak_bytes_per_s(memory, threads)
    return (arithmetic_s, "arithmetic") if arithmetic_s >= moving_s else (moving_s, memory)


def memory_of(size_bytes: int, features: CpuFeatures) -> str:
    """The nearest memory that holds so many bytes in half of it."""
    for level, capacity in sorted(features.cache_bytes.items()):
        if 2 * size_bytes <= capacity:
            return f"L{level}"
    return "DRAM"
