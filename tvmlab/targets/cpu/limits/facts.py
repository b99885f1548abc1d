"""This processor as an estimate sees it."""

from __future__ import annotations

from math import inf

from tvmlab.analysis.estimate.machine import MachineFacts, Memory
from tvmlab.targets.cpu.limits.features import cpu_features
from tvmlab.targets.cpu.limits.peaks import cpu_peaks
from tvmlab.targets.cpu.threads import num_threads

FLOPS_PER_CYCLE = {512: 32, 256: 32, 128: 16}
"""Of float32, by the width of registers in bits: one multiply-add of 16 lanes, or two of fewer. A
processor with two units of 512 bits counts as one with a clock twice as fast."""


def machine_facts() -> MachineFacts:
    """What was measured of this machine, for as many threads as kernels use; what was not yet is
    measured now, which takes about a second."""
    features, peaks = cpu_features(), cpu_peaks()
    one, _ = peaks.flop_per_s["float32"]
    sizes = {f"L{level}": float(size) for level, size in features.cache_bytes.items()}
    memories = [
        Memory(name, sizes.get(name, inf), *rates)
        for name, rates in peaks.read_bytes_per_s.items()
        if name in sizes or name == "DRAM"
    ]
    return MachineFacts(
        cores=num_threads(),
        clock_hz=one / FLOPS_PER_CYCLE[features.vector_bits],
        vector_bits=features.vector_bits,
        vector_registers=features.vector_registers,
        memories=tuple(memories),
        line_bytes=features.line_bytes,
    )
