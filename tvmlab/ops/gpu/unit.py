"""What a schedule may count on of a processor with many threads.

A template never asks the device: the same name must mean the same space in every process. So these
are numbers that every device of a target offers, or nearly every one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

from tvmlab.intrin.matrix_tiles import Family
from tvmlab.intrin.mma import MMA
from tvmlab.intrin.wmma import WMMA


@dataclass(frozen=True)
class ThreadUnit:
    """A processor that runs blocks of threads.

    Attributes:
        threads: of a block, at most.
        shared_bytes: memory that a block has for itself.
        load_bytes: what a thread loads at once.
        blocks: that keep the whole device busy.
        families: of instructions for products of matrices, those to prefer first.
    """

    threads: int
    shared_bytes: int
    load_bytes: int = 16
    blocks: int = 256
    families: tuple[Family, ...] = ()

    def lanes(self, element_bytes: int) -> int:
        """Elements that a thread loads at once."""
        return max(1, self.load_bytes // element_bytes)

    def shares(self, loops: int) -> tuple[int, ...]:
        """The most threads along each of so many loops, powers of two, more along the last."""
        if loops < 2:
            return (self.threads,) * loops
        if loops == 2:
            first = 1 << (isqrt(self.threads).bit_length() - 1)
            return first, self.threads // first
        first, rest = 4, ThreadUnit(self.threads // 4, 0)
        return first, *rest.shares(loops - 1)


UNITS: Mapping[str, ThreadUnit] = {
    # OpenCL promises 32 KiB (3.0 specification, CL_DEVICE_LOCAL_MEM_SIZE); many devices have
    # groups of 256 at most.
    "opencl": ThreadUnit(256, 32 << 10),
    # CUDA C++ Programming Guide, technical specifications: what needs no opting in.
    "cuda": ThreadUnit(1024, 48 << 10, families=(MMA, WMMA)),
}
"""The units of the targets that have such processors."""
