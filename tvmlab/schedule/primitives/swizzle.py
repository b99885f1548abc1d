"""Swizzle: chunks of a buffer's rows change places, so that a column lies in all banks.

Other systems: CUTLASS and CuTe `Swizzle`, Triton's `swizzled_shared` layouts.

Threads of a GPU that read one column of a matrix in shared memory wait for each other where rows
are as long as its banks are wide. In a swizzled buffer chunk `n` of row `i` lies where chunk
`n ^ (i % ways)` would: each row keeps its chunks together and has them in another order. No index
changes, and unlike storage_align it takes no memory; `chunk` is what one access moves, such as the
16 bytes of `copy_async` and of `mma_load`. The order follows from the row as lowering leaves it:
`ways` chunks fill the banks, or the row; rows of an odd number of chunks stay as they are. Legal
for an intermediate with rows; it matters in shared memory.

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

After `s["B"].swizzle("B", 4)`:

    B = allocate(float32[8, 8], swizzle=4)
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

from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.program import For, Program
from tvmlab.ir.swizzle import BANKS_BYTES
from tvmlab.schedule.find import Site
from tvmlab.schedule.relocate import require_free, with_buffer
from tvmlab.schedule.step import Step, argument

CHUNK_BYTES = (16, 4)
"""What one access of a thread moves at most, and a bank."""


@dataclass(frozen=True)
class Swizzle(Step):
    """Store chunks of `chunk` elements of each row in another order, which differs by row."""

    name = "swizzle"
    summary = "exchange chunks of rows in shared memory, so that columns lie in all banks"
    example = 'swizzle("B", 4)'
    group = "storage"
    buffer: str = argument("name", "the intermediate whose rows are swizzled")
    chunk: int = argument("value", "elements that stay together, such as those of 16 bytes")

    def require(self, program: Program) -> None:
        """An intermediate with rows, as it is laid out, and a chunk that banks have room for."""
        buffer = self.intermediate(program, self.buffer)
        if len(buffer.shape) < 2:
            raise self.refuse("", f"{buffer.name} has no rows", "swizzle a matrix")
        most = BANKS_BYTES // 2 // size_bytes(buffer.dtype)
        if not 1 <= self.chunk <= most or self.chunk & (self.chunk - 1):
            raise self.refuse(
                "",
                f"{self.chunk} elements of {buffer.dtype} are no chunk of which banks hold several",
                f"give a power of two from 1 to {most}",
            )
        require_free(self, program, buffer)
        if buffer.alignments:
            raise self.refuse(
                "",
                f"{buffer.name} has aligned rows, which are apart already",
                "swizzle or storage_align, not both",
            )

    def apply(self, program: Program) -> Program:
        """The buffer with its rows swizzled."""
        buffer = self.intermediate(program, self.buffer)
        return with_buffer(program, buffer, buffer.replace(swizzle=self.chunk))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Swizzle]:
        """Rows of what the block writes to shared memory, in chunks of 16 and of 4 bytes."""
        for region in site.block.writes:
            buffer = region.buffer
            if buffer in program.buffers and buffer.scope == "shared" and len(buffer.shape) > 1:
                for chunk in sorted({max(1, n // size_bytes(buffer.dtype)) for n in CHUNK_BYTES}):
                    yield cls(site.block.name, buffer.name, chunk)
