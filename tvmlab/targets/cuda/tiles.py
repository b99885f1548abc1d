"""Tiles of matrices in a warp's registers: how many, which, and where the rows of memory begin.

A buffer of scope `warp` is an array of registers in every thread. Its tiles stand one after the
other, row by row; what one tile takes follows from its size, as the 32 threads share it out.
Which thread holds which element is settled by the instructions (`tvmlab.targets.cuda.matrices`).
"""

from __future__ import annotations

from math import prod

from tvmlab.arith import simplify
from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr
from tvmlab.ir.program import Region
from tvmlab.ir.shapes import value_of

WARP = 32
"""Threads of a warp."""

REGISTER_TYPES = {"float32": "float", "int32": "int"}
"""The C type of a register for results; operands are packed into `unsigned`."""


def registers(dtype: str, elements: int) -> int:
    """The registers that a thread needs for its share of `elements`.

    `wmma` holds every float16 operand twice (PTX ISA, "Matrix fragments for WMMA"); `mma` leaves
    what it does not need to the compiler, which drops it.
    """
    copies = 2 if dtype == "float16" else 1
    return copies * elements * dtypes.size_bytes(dtype) // (4 * WARP)


def declaration(buffer: Buffer, name: str) -> str:
    """The registers of a buffer of scope `warp`."""
    kind = REGISTER_TYPES.get(buffer.dtype, "unsigned")
    return f"{kind} {name}[{registers(buffer.dtype, prod(buffer.extents))}];"


def first_register(tile: Region) -> Expr:
    """The number of the first register of a tile.

    Raises:
        TargetError: the tiles of its buffer do not fill it.
    """
    buffer, extents = tile.buffer, [extent for _, extent in tile.bounds]
    number: Expr = Const(0, INDEX)
    for (start, extent), whole in zip(tile.bounds, buffer.extents, strict=True):
        assert isinstance(extent, int), "tiles have known extents"
        if whole % extent:
            raise TargetError(
                f"{buffer.name} keeps {list(buffer.extents)} elements in registers, which tiles of "
                f"{extents} do not fill; compute_at it where whole tiles are needed."
            )
        where = Binary("//", start, Const(extent, INDEX))
        number = number * (whole // extent) + where
    each = registers(buffer.dtype, prod(e for e in extents if isinstance(e, int)))
    return simplify(number * each, {})


def row_stride(tile: Region) -> int:
    """How many elements the rows of a tile in memory are apart."""
    return value_of(tile.buffer.strides()[-2], {})
