"""What a schedule may count on of a processor with many threads.

A template never asks the device: the same name must mean the same space in every process. So these
are numbers that every device of a target offers, or nearly every one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

    def at(self, capability: tuple[int, int]) -> ThreadUnit:
        """What a processor of a compute capability has of it."""
        known = (family.at(capability) for family in self.families)
        return replace(self, families=tuple(family for family in known if family.shapes))

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

OLDER: Mapping[str, ThreadUnit] = {
    "cuda/sm_70": UNITS["cuda"].at((7, 0)),
    "cuda/sm_75": UNITS["cuda"].at((7, 5)),
}
"""Those of a target's processors that lack some of its instructions."""


def unit_named(name: str) -> ThreadUnit:
    """The unit of a target, or of its older processors."""
    return OLDER[name] if name in OLDER else UNITS[name]


def name_at(target: str, capability: tuple[int, int]) -> str:
    """By which the unit of a target's processor of a compute capability is asked for."""
    known = {name: unit for name, unit in OLDER.items() if name.startswith(f"{target}/")}
    unit = UNITS[target].at(capability)
    return next((name for name, each in known.items() if each == unit), target)
