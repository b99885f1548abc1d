"""How a kernel is launched: its blocks, its threads, and which warp a thread belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, VIRTUAL_AXES, axis_of, kernels
from tvmlab.ir.program import For, Program
from tvmlab.ir.walk import stmts

WARP = 32
"""Threads that execute an instruction together, on every NVIDIA GPU (CUDA C++ Programming Guide,
"Technical Specifications per Compute Capability")."""

Triple = tuple[int, int, int]
"""Along x, y and z."""


@dataclass(frozen=True)
class Launch:
    """The geometry of a kernel.

    Attributes:
        kernel: the outermost bound loop.
        grid: blocks along x, y and z.
        block: threads of a block along x, y and z.
        virtual: virtual threads that one thread runs interleaved.
    """

    kernel: For
    grid: Triple
    block: Triple
    virtual: int

    @property
    def blocks(self) -> int:
        """Blocks in all."""
        return prod(self.grid)

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return prod(self.block)

    @property
    def warps(self) -> int:
        """Warps of a block: threads by their number, x fastest, 32 to a warp."""
        return -(-self.threads // WARP)

    def thread(self, number: int) -> Triple:
        """Where thread `number` of a block stands."""
        x, y, _ = self.block
        return number % x, number // x % y, number // (x * y)


def launches(program: Program) -> list[Launch]:
    """The kernels of a scheduled program, in order."""
    return [launch_of(kernel) for kernel in kernels(program.body)]


def launch_of(kernel: For) -> Launch:
    """The geometry of the kernel that `kernel`, an outermost bound loop, holds; axes that nothing
    is bound to have one block or thread."""
    extents: dict[str, int] = {}
    for stmt in stmts(kernel):
        axis = axis_of(stmt) if isinstance(stmt, For) else None
        if axis is not None and isinstance(stmt, For) and isinstance(stmt.extent, int):
            extents[axis] = max(extents.get(axis, 1), stmt.extent)

    def along(axes: tuple[str, ...]) -> Triple:
        x, y, z = (extents.get(axis, 1) for axis in axes)
        return x, y, z

    virtual = prod(extents.get(axis, 1) for axis in VIRTUAL_AXES)
    return Launch(kernel, along(BLOCK_AXES), along(THREAD_AXES), virtual)
