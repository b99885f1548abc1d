"""Whether a time is possible at all: no kernel beats the machine's arithmetic or its memory.

A time far under the roofline means that the compiler removed work, the clock failed, or the counts
are wrong. Such a time must never win a search.
"""

from __future__ import annotations

from tvmlab.targets.cpu.limits import CpuFeatures, CpuPeaks

TOLERANCE = 1.25
"""How much faster than the limits a time may be: they are measured too, and clocks vary."""

_MEMORIES = ("L1", "L2", "L3", "DRAM")
_NARROW_INTEGERS = {"int8": 4, "uint8": 4, "int16": 2, "uint16": 2}  # dot-product instructions


def least_time_s(
    flops: float, size_bytes: float, features: CpuFeatures, peaks: CpuPeaks, dtype: str = "float32"
) -> float:
    """Seconds that no kernel can undercut, all threads at work.

    Arguments:
        flops: operations the result needs; a multiply-add counts as two.
        size_bytes: bytes of all inputs and outputs, each moved once.
        features, peaks: the processor and its measured limits.
        dtype: of the arithmetic.

    Repeated runs find in a cache what fits there, so only the rest counts at the next memory's
    speed. One thread's figure times the threads is taken, as it is the less disturbed one.
    """
    faster = _NARROW_INTEGERS.get(dtype, 1)
    one_flop_per_s = peaks.peak_flop_per_s(dtype, threads=1) * faster
    arithmetic_s = flops / (one_flop_per_s * peaks.threads)
    memory_s, nearer_bytes = 0.0, 0.0
    for level, memory in enumerate(_MEMORIES, 1):
        if memory not in peaks.read_bytes_per_s:
            continue
        one_bytes_per_s = peaks.peak_bytes_per_s(memory, threads=1)
        beyond = max(0.0, size_bytes - nearer_bytes)
        memory_s = max(memory_s, beyond / (one_bytes_per_s * peaks.threads))
        cache_bytes = features.cache_bytes.get(level, 0)
        nearer_bytes += cache_bytes * (peaks.threads if level < 3 else 1)
    return max(arithmetic_s, memory_s)


def is_plausible(
    time_s: float,
    flops: float,
    size_bytes: float,
    features: CpuFeatures,
    peaks: CpuPeaks,
    dtype: str = "float32",
) -> bool:
    """Whether a kernel can take `time_s`; arguments as for `least_time_s`."""
    least_s = least_time_s(flops, size_bytes, features, peaks, dtype)
    return time_s > 0 and time_s * TOLERANCE >= least_s
