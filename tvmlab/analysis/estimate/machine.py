"""What an estimate needs to know of a machine: plain figures, so that others can be put in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True)
class Memory:
    """A level of the memory hierarchy.

    Attributes:
        name: as people say it: `L1`, `DRAM`.
        size_bytes: what it holds for one core; infinite for main memory.
        bytes_per_s: read at most by one core.
        all_bytes_per_s: read at most by all cores together.
    """

    name: str
    size_bytes: float
    bytes_per_s: float
    all_bytes_per_s: float


@dataclass(frozen=True)
class MachineFacts:
    """A processor as an estimate sees it; `dataclasses.replace` makes one that does not exist.

    Attributes:
        cores: threads that parallel loops run on.
        clock_hz: cycles a second.
        vector_bits: width of a vector register.
        vector_registers: how many there are.
        memories: level 1 first, main memory last.
        line_bytes: of a cache line.
    """

    cores: int
    clock_hz: float
    vector_bits: int
    vector_registers: int
    memories: tuple[Memory, ...]
    line_bytes: int = 64

    def with_cache(self, name: str, size_bytes: float) -> MachineFacts:
        """This machine with another size of the cache `name`."""
        changed = (
            replace(m, size_bytes=size_bytes) if m.name == name else m for m in self.memories
        )
        return replace(self, memories=tuple(changed))

    def with_caches_times(self, factor: float) -> MachineFacts:
        """This machine with all caches `factor` times as large."""
        return replace(
            self,
            memories=tuple(
                replace(m, size_bytes=m.size_bytes * factor) if m.size_bytes < inf else m
                for m in self.memories
            ),
        )
