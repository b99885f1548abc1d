"""Storage align: rows of an intermediate are stored further apart, so that they do not collide.

Other systems: TVM `storage_align`, Halide `align_storage`.

Neighbours along a dimension come to be `factor * n + offset` elements apart, for the least n that
holds them. Rows a power of two apart all fall to the same few lines of a cache; an offset of one
line spreads them. No value changes: only a schedule's speed does. Legal for an intermediate and any
dimension but its last, whose elements are neighbours in memory.

Before:

    B = allocate(float32[8, 8])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
    for i in range(8):
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0

After `s["B"].storage_align("B", 0, 32, 16)`:

    B = allocate(float32[8, 8], align=[[0, 32, 16]])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
    for i in range(8):
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.arith.pitch import aligned_shape
from tvmlab.ir.buffer import Alignment
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site
from tvmlab.schedule.relocate import require_free, with_buffer
from tvmlab.schedule.step import Step, argument

MOST = 4096
"""The largest factor, in elements: beyond a page there is nothing to collide with."""

BANKS_BYTES = 128
BANK_STEPS = (4, 16)
"""A word of all banks of a GPU's shared memory; a bank, and what one access takes at most."""

LINE_BYTES = 64
"""A line of the caches of x86-64 and of most Arm processors."""


@dataclass(frozen=True)
class StorageAlign(Step):
    """Store neighbours along dimension `axis` `factor * n + offset` elements apart."""

    name = "storage_align"
    summary = "store rows further apart, so that they do not collide in a cache"
    example = 'storage_align("B", 0, 32, 16)'
    group = "storage"
    buffer: str = argument("name", "the intermediate whose rows are aligned")
    axis: int = argument("value", "the dimension along which neighbours are the rows, from 0")
    factor: int = argument("value", "elements, of which the distance is a multiple")
    offset: int = argument("value", "elements more than that multiple")

    def require(self, program: Program) -> None:
        """An intermediate, a dimension with others below it, and a distance that is possible."""
        buffer = self.intermediate(program, self.buffer)
        last = len(buffer.shape) - 1
        if not 0 <= self.axis < last:
            raise self.refuse(
                "",
                f"dimension {self.axis} of {buffer.name} has no rows that could move apart",
                f"choose an axis below {last}" if last > 0 else "align a matrix",
            )
        if not (1 <= self.factor <= MOST and 0 <= self.offset < self.factor):
            raise self.refuse(
                "",
                f"a distance of {self.factor} n + {self.offset} is none that rows can have",
                f"give a factor from 1 to {MOST} and a smaller offset from 0",
            )
        require_free(self, program, buffer)
        if buffer.swizzle:
            raise self.refuse(
                "",
                f"{buffer.name} has swizzled rows, which lie in different banks already",
                "swizzle or storage_align, not both",
            )
        if aligned_shape(buffer.extents, self._alignment()) is None:
            raise self.refuse(
                "",
                f"rows of dimension {self.axis} hold whole multiples of the dimensions below, "
                f"none of which is {self.factor} n + {self.offset}",
                "align the last dimension but one",
            )

    def _alignment(self) -> Alignment:
        return Alignment(self.axis, self.factor, self.offset)

    def apply(self, program: Program) -> Program:
        """The buffer with one more alignment, in place of an earlier one of that dimension."""
        buffer = self.intermediate(program, self.buffer)
        kept = tuple(a for a in buffer.alignments if a.axis != self.axis)
        aligned = buffer.replace(alignments=(*kept, self._alignment()))
        return with_buffer(program, buffer, aligned)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[StorageAlign]:
        """Rows of what the block writes, a line further apart than a multiple of 16 lines; in
        shared memory one bank, or one access of 16 bytes, further than a multiple of all banks."""
        for region in site.block.writes:
            buffer = region.buffer
            if buffer in program.buffers and len(buffer.shape) > 1:
                size = size_bytes(buffer.dtype)
                line, banks = max(1, LINE_BYTES // size), max(1, BANKS_BYTES // size)
                axis = len(buffer.shape) - 2
                if buffer.scope == "shared":
                    for apart in sorted({max(1, n // size) for n in BANK_STEPS}):
                        yield cls(site.block.name, buffer.name, axis, banks, apart)
                else:
                    yield cls(site.block.name, buffer.name, axis, 16 * line, line)
