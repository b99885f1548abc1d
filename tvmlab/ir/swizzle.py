"""Swizzled rows: chunks of a row change places, in every row others, so that columns spread.

Shared memory has 32 banks of 4 bytes. Chunk `n` of row `i` lies where chunk
`n ^ (i // rows % ways)` would: of `ways` chunks that together fill the banks, or a row where that
is shorter, each is in another place in every row, or in every few rows where a line of all banks
holds several. So threads that read one chunk of successive rows find them in different banks, with
no byte in between (NVIDIA, CUTLASS, "Efficient GEMM in CUDA", on shared memory layouts). Indices
say what they said: this is where an element is, which only who reckons with addresses has to know.
"""

from __future__ import annotations

from typing import NamedTuple

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, binary

BANKS_BYTES = 128
"""A word of every bank."""


class Swizzle(NamedTuple):
    """How chunks of a buffer's rows are exchanged.

    Attributes:
        chunk: neighbouring elements that stay together.
        rows: rows that are alike, as a line of all banks holds them; a power of two.
        ways: chunks that change places with each other; a power of two.
    """

    chunk: int
    rows: int
    ways: int


def swizzle_of(buffer: Buffer) -> Swizzle | None:
    """How a buffer's rows are swizzled; None where they are not, or nothing can be exchanged.

    What `Buffer.swizzle` asks for holds in shared memory, and where rows are two or more chunks
    long; of a number of chunks that is no power of two, its largest factor that is one counts.
    """
    if not buffer.swizzle or buffer.scope != "shared" or len(buffer.shape) < 2:
        return None
    row = buffer.shape[-1]
    if not isinstance(row, int) or row % buffer.swizzle:
        return None
    chunks = row // buffer.swizzle
    most = max(1, BANKS_BYTES // (buffer.swizzle * dtypes.size_bytes(buffer.dtype)))
    ways = min(chunks & -chunks, most)
    alike = 1 << (max(1, most // chunks).bit_length() - 1)
    return Swizzle(buffer.swizzle, alike, ways) if ways > 1 else None


def placed(buffer: Buffer, indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The indices at which an element would lie if rows were not swizzled."""
    swizzle = swizzle_of(buffer)
    if swizzle is None:
        return indices
    *lead, row, column = indices
    chunk, ways = Const(swizzle.chunk, INDEX), Const(swizzle.ways, INDEX)
    turn = row // Const(swizzle.rows, INDEX) % ways
    exchanged = binary("^", column // chunk, turn)
    return (*lead, row, exchanged * chunk + column % chunk)
