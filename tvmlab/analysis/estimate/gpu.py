"""What an estimate needs to know of a GPU: plain figures of published devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tvmlab.analysis.occupancy import MULTIPROCESSORS, Multiprocessor


@dataclass(frozen=True)
class GpuFacts:
    """A GPU as an estimate sees it; `dataclasses.replace` makes one that does not exist.

    Attributes:
        name: as people say it.
        capability: compute capability, such as `9.0`.
        multiprocessors: how many there are.
        clock_hz: cycles a second, the highest that is published.
        lanes: float32 operations, a multiply-add counted once, of a multiprocessor a cycle.
        memory_bytes_per_s: of its main memory.
        l2_bytes: what the cache before it holds.
        one: what a multiprocessor holds.
    """

    name: str
    capability: str
    multiprocessors: int
    clock_hz: float
    lanes: int
    memory_bytes_per_s: float
    l2_bytes: float
    one: Multiprocessor


GPUS: Mapping[str, GpuFacts] = {
    gpu.name: gpu
    for gpu in (
        GpuFacts("H100", "9.0", 132, 1.98e9, 128, 3.35e12, 50e6, MULTIPROCESSORS["9.0"]),
        GpuFacts("A100", "8.0", 108, 1.41e9, 64, 1.555e12, 40e6, MULTIPROCESSORS["8.0"]),
        GpuFacts("T4", "7.5", 40, 1.59e9, 64, 3.2e11, 4e6, MULTIPROCESSORS["7.5"]),
    )
}
"""Of NVIDIA's data sheets and white papers: "H100 Tensor Core GPU Architecture" (SXM5), "A100
Tensor Core GPU Architecture" (40 GB, SXM4), "Turing GPU Architecture" (Tesla T4)."""
