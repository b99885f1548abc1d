"""Which device function executes an instruction of TensorCores, and on what.

`mma` loads rows by `ldmatrix` where they lie in shared memory at multiples of 16 bytes, and word
by word or element by element elsewhere, with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign

from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear, simplify
from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Ramp
from tvmlab.ir.instruction import is_asynchronous
from tvmlab.ir.program import If, Invoke, Region, Store
from tvmlab.ir.shapes import value_of
from tvmlab.ir.swizzle import Swizzle, swizzle_of
from tvmlab.targets.cuda.row_loads import SWIZZLED
from tvmlab.targets.cuda.tiles import REGISTER_TYPES, registers, row_stride

COPY_OR_ZEROS = "copy_async_or_zeros"
"""The function of a copy that is told whether there is anything to read."""

_ROWS_OF_WMMA = {"f16": 32, "bf16": 16, "s8": 8, "f32": 32, "s32": 32}
"""Bytes of a thread's fragment by dtype, at multiples of which `wmma` wants rows to begin (PTX
ISA, "Matrix storage for WMMA")."""


@dataclass(frozen=True)
class TileCall:
    """A call of a function of `tvmlab.targets.cuda.matrices`.

    Attributes:
        function: its name.
        arguments: tiles in registers or memory, numbers, and expressions.
        is_seen_by_others: whether it writes what other threads of the warp may read.
    """

    function: str
    arguments: tuple[Region | Expr, ...]
    is_seen_by_others: bool = False


def call_of(invoke: Invoke) -> TileCall:
    """The call that executes an instruction.

    Raises:
        TargetError: its tiles in memory do not lie as it needs them.
    """
    if is_asynchronous(invoke):
        is_aligned = all(_begins_at(row, 16) for row in invoke.operands)
        if not is_aligned:
            _require_plain(invoke.name, invoke.operands[0])
        return TileCall("copy_async" if is_aligned else "copy_row", invoke.operands)
    if invoke.name.endswith("_start"):
        (tile,) = invoke.operands
        kind = REGISTER_TYPES[tile.buffer.dtype]
        return TileCall(f"clear_{kind}", (tile, _number(_registers(tile))))
    family, *what, _ = invoke.name.split("_")
    if what[:1] == ["load"]:
        to, source = invoke.operands
        if family == "wmma":
            _require_plain(invoke.name, source)
            _require(invoke.name, source, _ROWS_OF_WMMA[invoke.name.rpartition("_")[2]])
            return TileCall(invoke.name, (to, source, _number(row_stride(source))))
        size = dtypes.size_bytes(source.buffer.dtype)
        function = _load(invoke.name, what[1], source)
        row_bytes = _number(row_stride(source) * size)
        swizzle = swizzle_of(source.buffer)
        if swizzle is None:
            return TileCall(function, (to, source, row_bytes))
        _require_chunks(invoke.name, function, source, swizzle)
        rows = _by_row(source, swizzle, size)
        return TileCall(f"{function}{SWIZZLED}", (to, _rows_of(source), row_bytes, *rows))
    if what == ["store"]:
        to, tile = invoke.operands
        _require_plain(invoke.name, to)
        arguments = (to, tile, _number(row_stride(to)))
        is_shared = to.buffer.scope == "shared"
        if family == "wmma":
            _require(invoke.name, to, _ROWS_OF_WMMA[invoke.name.rpartition("_")[2]])
            return TileCall(invoke.name, arguments, is_shared)
        pair = "2" if _begins_at(to, 8) else ""
        function = f"store_{REGISTER_TYPES[tile.buffer.dtype]}{pair}"
        return TileCall(function, arguments, is_shared)
    name = invoke.name.replace("mma_t_", "mma_") if family == "mma" else invoke.name
    return TileCall(name, invoke.operands)


def copied_or_zeros(branch: If) -> Invoke | None:
    """The copy of 16 bytes that a branch begins, if it is one and stores zeros there otherwise."""
    copy, otherwise = branch.then, branch.otherwise
    if not isinstance(copy, Invoke) or not is_asynchronous(copy) or branch.condition.lanes > 1:
        return None
    if not isinstance(otherwise, Store) or not _is_zero(otherwise.value):
        return None
    fills = otherwise.buffer is copy.operands[0].buffer and _begins(otherwise, copy.operands[0])
    return copy if fills and call_of(copy).function == "copy_async" else None


def _is_zero(value: Expr) -> bool:
    """Whether all bits of a value are; those of -0.0 are not."""
    return isinstance(value, Const) and value.value == 0 and copysign(1, value.value) > 0


def _begins(store: Store, tile: Region) -> bool:
    """Whether a store of a vector begins where a tile does."""
    first = (i.base if isinstance(i, Ramp) else i for i in store.indices)
    apart = (i - start for i, (start, _) in zip(first, tile.bounds, strict=True))
    return all(linear(x, {}).key() == _NOTHING for x in apart)


_NOTHING = Linear({}, 0).key()


def _load(name: str, what: str, source: Region) -> str:
    """The function of `mma` that loads a tile of A, of B by rows or of B by columns."""
    size = dtypes.size_bytes(source.buffer.dtype)
    if what == "b" and size != 2:
        return "load_b_bytes" if size == 1 else "load_b_singles"
    if source.buffer.scope == "shared" and _begins_at(source, 16):
        return f"load_{what}_matrix"
    if what == "b":
        return "load_b_halves"
    _require(name, source, 4)
    return f"load_{what}_words"


def _rows_of(tile: Region) -> Region:
    """The rows of a tile's matrix, from its first element on."""
    zero = _number(0)
    lead = tile.bounds[:-2]
    return Region(tile.buffer, [*lead, *((zero, e) for e in tile.buffer.shape[-2:])])


def _by_row(tile: Region, swizzle: Swizzle, size: int) -> tuple[Expr, ...]:
    """Where a tile begins in swizzled rows, and how those are: its row, its byte, its row among
    those until which the order comes round, shift, mask and bytes of a chunk."""
    (row, _), (column, _) = tile.bounds[-2:]
    turn = simplify(row % _number(swizzle.rows * swizzle.ways), {})
    shift, mask = swizzle.rows.bit_length() - 1, swizzle.ways - 1
    byte = simplify(column * size, {})
    return (row, byte, turn, _number(shift), _number(mask), _number(swizzle.chunk * size))


def _require_chunks(name: str, function: str, tile: Region, swizzle: Swizzle) -> None:
    """Raise TargetError where what a thread takes at once does not stay together."""
    size = dtypes.size_bytes(tile.buffer.dtype)
    together = 16 if function.endswith("_matrix") else 4 if function.endswith("_words") else size
    if swizzle.chunk * size < together:
        raise TargetError(
            f"{name} takes {together} bytes at once, and rows of {tile.buffer.name} are swizzled "
            f"in chunks of {swizzle.chunk * size}; swizzle it by {16 // size} elements."
        )


def _require_plain(name: str, tile: Region) -> None:
    """Raise TargetError where the rows of a tile are swizzled."""
    if swizzle_of(tile.buffer) is not None:
        raise TargetError(
            f"{name} needs whole rows as they are, and those of {tile.buffer.name} are swizzled; "
            "storage_align them instead."
        )


def _registers(tile: Region) -> int:
    elements = 1
    for _, extent in tile.bounds:
        assert isinstance(extent, int), "tiles have known extents"
        elements *= extent
    return registers(tile.buffer.dtype, elements)


def _begins_at(tile: Region, multiple_bytes: int) -> bool:
    """Whether all rows of a tile in memory begin at multiples of that many bytes."""
    size = dtypes.size_bytes(tile.buffer.dtype)
    extents = [extent for _, extent in tile.bounds]
    further = row_stride(tile) if len(extents) > 1 and extents[-2] != 1 else 0
    total: Expr = _number(0)
    steps = [value_of(stride, {}) for stride in tile.buffer.strides()]
    for (start, _), step in zip(tile.bounds, steps, strict=True):
        total = total + start * step
    found = linear(total, {})
    every = (further, found.constant, *found.terms.values())
    return all(factor * size % multiple_bytes == 0 for factor in every)


def _require(name: str, tile: Region, multiple_bytes: int) -> None:
    """Raise TargetError unless all rows of a tile begin at multiples of that many bytes."""
    if _begins_at(tile, multiple_bytes):
        return
    size = dtypes.size_bytes(tile.buffer.dtype)
    raise TargetError(
        f"{name} needs rows that begin at multiples of {multiple_bytes} bytes, and those of "
        f"{tile.buffer.name} are {row_stride(tile) * size} bytes apart; make them longer, or "
        f"storage_align them by {multiple_bytes // size} elements."
    )


def _number(value: int) -> Const:
    return Const(value, INDEX)
