"""Where intermediate arrays lie: arrays that are never needed at the same time share bytes.

A step is one kernel. An array is needed from the step that writes it to the last step that reads
it, both included, since a kernel must not write over what it reads. Arrays are placed largest
first, each at the lowest offset where no array needed at one of its steps lies: the greedy-by-size
rule of Y. Pisarchyk and J. Lee, *Efficient Memory Management for Deep Neural Net Inference*, 2020
(arXiv 2001.03288).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tvmlab.ir.arrays import ALIGNMENT


@dataclass(frozen=True)
class Lifetime:
    """An array that must be kept for a while.

    Attributes:
        size_bytes: its size, 1 or more.
        first: the step that writes it.
        last: the last step that reads it, not before `first`.
    """

    size_bytes: int
    first: int
    last: int

    def meets(self, other: Lifetime) -> bool:
        """Whether both are needed at one step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class MemoryPlan:
    """A place for each array in one block of memory.

    Attributes:
        lifetimes: the arrays.
        offsets: where each begins, in bytes from the start of the block, multiples of `ALIGNMENT`.
    """

    lifetimes: tuple[Lifetime, ...]
    offsets: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of the block."""
        placed = zip(self.offsets, self.lifetimes, strict=True)
        return max((offset + _padded(a.size_bytes) for offset, a in placed), default=0)

    @property
    def unshared_bytes(self) -> int:
        """Bytes of a block in which every array had a place of its own."""
        return sum(_padded(a.size_bytes) for a in self.lifetimes)

    def __str__(self) -> str:
        return (
            f"{len(self.lifetimes)} intermediate arrays in {self.size_bytes} bytes; "
            f"{self.unshared_bytes} without reuse"
        )


def plan(lifetimes: Sequence[Lifetime]) -> MemoryPlan:
    """Places for arrays, such that no two that meet overlap."""
    offsets: dict[int, int] = {}
    for index in sorted(range(len(lifetimes)), key=lambda i: -lifetimes[i].size_bytes):
        array = lifetimes[index]
        size = _padded(array.size_bytes)
        offset = 0
        busy = sorted(
            (offsets[other], offsets[other] + _padded(lifetimes[other].size_bytes))
            for other in offsets
            if lifetimes[other].meets(array)
        )
        for start, end in busy:
            if start - offset >= size:
                break
            offset = max(offset, end)
        offsets[index] = offset
    return MemoryPlan(tuple(lifetimes), tuple(offsets[i] for i in range(len(lifetimes))))


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT) * ALIGNMENT
