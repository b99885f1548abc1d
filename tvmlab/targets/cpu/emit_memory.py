"""Loads and stores: whole vectors, masked ones, gathers, and elements held in registers."""

from __future__ import annotations

from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr
from tvmlab.targets.cpu.emit_columns import column_of, load_column
from tvmlab.targets.cpu.emit_context import Context, both, evaluate, spread
from tvmlab.targets.cpu.emit_index import Address, address, index_value, linear_index, pointer_to
from tvmlab.targets.cpu.emit_masked import load_masked
from tvmlab.targets.cpu.emit_pattern import load_pattern
from tvmlab.targets.cpu.emit_streams import hint
from tvmlab.targets.cpu.emit_strided import is_shuffled, load_strided
from tvmlab.targets.cpu.emit_types import (
    first_lanes,
    memory_type,
    suffix,
    value_type,
    vector_literal,
)


def load(cx: Context, node: Load) -> str:
    """The value of a load, in the lanes of this chunk if an index is a vector."""
    if node.buffer.scope == "register":
        return cx.registers[register_key(cx, node.buffer, node.indices)]
    at = address(cx, node.buffer, node.indices)
    if node.lanes == 1:
        return _load_scalar(cx, node.buffer, at)
    if is_shuffled(cx, at):
        return _from_memory(cx, load_strided(cx, node.buffer, at), node.dtype, cx.chunk.lanes)
    held = load_pattern(cx, node.buffer, at)
    if held is not None:
        return _from_memory(cx, held, node.dtype, cx.chunk.lanes)
    if not at.index.is_even or at.index.stride not in (0, 1):
        column = column_of(cx, at)
        if column is None:
            return _gather(cx, node.buffer, at)
        held = load_column(cx, node.buffer, at, column)
        return _from_memory(cx, held, node.dtype, cx.chunk.lanes)
    if at.index.stride == 0:
        return spread(cx, _load_scalar(cx, node.buffer, at), node.dtype, cx.chunk.lanes)
    return _load_vector(cx, node.buffer, at)


def _load_scalar(cx: Context, buffer: Buffer, at: Address) -> str:
    pointer = pointer_to(cx, buffer, at)
    if cx.mask != "true" and not at.index.inside:
        # Where the value is not wanted the address may be anything: read the first element.
        wanted = _any_lane(cx, cx.mask, cx.mask_lanes)
        base = cx.pointers[buffer][0]
        pointer = cx.text.pure(
            f"select i1 {wanted}, ptr {pointer}, ptr {base}", (wanted, pointer, base)
        )
    text = f"load {memory_type(buffer.dtype)}, ptr {pointer}, align {_element_alignment(buffer)}"
    return _from_memory(cx, cx.text.load(text, (pointer,), buffer), buffer.dtype, 1)


def _load_vector(cx: Context, buffer: Buffer, at: Address) -> str:
    lanes = cx.chunk.lanes
    vector = memory_type(buffer.dtype, lanes)
    pointer = pointer_to(cx, buffer, at)
    mask = memory_mask(cx, "true" if at.index.inside else cx.mask)
    if mask == "true":
        text = f"load {vector}, ptr {pointer}, align {at.alignment}"
        value = cx.text.load(text, (pointer,), buffer)
    else:
        value = load_masked(cx, buffer, pointer, mask, at.alignment)
    return _from_memory(cx, value, buffer.dtype, lanes)


def _gather(cx: Context, buffer: Buffer, at: Address) -> str:
    lanes = cx.chunk.lanes
    vector, masks = memory_type(buffer.dtype, lanes), value_type("bool", lanes)
    pointers = _lane_pointers(cx, buffer, at)
    mask = _as_vector(memory_mask(cx, "true" if at.index.inside else cx.mask))
    name = f"llvm.masked.gather.{suffix(_stored(buffer), lanes)}.v{lanes}p0"
    cx.text.module.declare(vector, name, (f"<{lanes} x ptr>", masks, vector))
    text = (
        f"call {vector} @{name}(<{lanes} x ptr> align {_element_alignment(buffer)} {pointers}, "
        f"{masks} {mask}, {vector} zeroinitializer)"
    )
    return _from_memory(cx, cx.text.load(text, (pointers, mask), buffer), buffer.dtype, lanes)


def store(cx: Context, buffer: Buffer, indices: tuple[Expr, ...], value: str) -> None:
    """Store `value`, of the chunk's lanes, where the mask holds."""
    if buffer.scope == "register":
        _store_register(cx, buffer, indices, value)
        return
    lanes = cx.chunk.lanes
    at = address(cx, buffer, indices)
    vector = memory_type(buffer.dtype, lanes)
    value = _to_memory(cx, value, buffer.dtype, lanes)
    if not at.index.is_even or (lanes > 1 and at.index.stride != 1):
        _scatter(cx, buffer, at, value)
        return
    pointer = pointer_to(cx, buffer, at)
    mask = memory_mask(cx, cx.mask)
    if mask == "true":
        alignment = at.alignment if lanes > 1 else _element_alignment(buffer)
        passing = hint(cx, buffer, alignment, lanes * dtypes.size_bytes(buffer.dtype))
        cx.text.store(f"store {vector} {value}, ptr {pointer}, align {alignment}{passing}", buffer)
        return
    name = f"llvm.masked.store.{suffix(_stored(buffer), lanes)}.p0"
    masks = value_type("bool", lanes)
    cx.text.module.declare("void", name, (vector, "ptr", masks))
    text = f"{vector} {value}, ptr align {at.alignment} {pointer}, {masks} {mask}"
    cx.text.store(f"call void @{name}({text})", buffer)


def _scatter(cx: Context, buffer: Buffer, at: Address, value: str) -> None:
    lanes = cx.chunk.lanes
    vector, masks = memory_type(buffer.dtype, lanes), value_type("bool", lanes)
    pointers = _lane_pointers(cx, buffer, at)
    mask = _as_vector(memory_mask(cx, cx.mask))
    name = f"llvm.masked.scatter.{suffix(_stored(buffer), lanes)}.v{lanes}p0"
    cx.text.module.declare("void", name, (vector, f"<{lanes} x ptr>", masks))
    cx.text.store(
        f"call void @{name}({vector} {value}, <{lanes} x ptr> align "
        f"{_element_alignment(buffer)} {pointers}, {masks} {mask})",
        buffer,
    )


def _lane_pointers(cx: Context, buffer: Buffer, at: Address) -> str:
    """The address of each lane."""
    lanes = cx.chunk.lanes
    pointer = pointer_to(cx, buffer, at)
    element, longs = memory_type(buffer.dtype), value_type("int64", lanes)
    chunk, known = cx.chunk, at.index.offsets
    apart = [i * at.index.stride for i in range(lanes)]
    if known is not None:  # the lanes that do not exist are masked off
        apart = [*known[chunk.start : chunk.start + chunk.active], *apart[chunk.active :]]
    offsets = vector_literal(apart, "int64")
    for expr, factor in at.index.vectors:
        term = evaluate(cx, expr, lanes)
        if factor != 1:
            term = cx.text.pure(f"mul nsw {longs} {term}, splat (i64 {factor})", (term,))
        offsets = cx.text.pure(f"add nsw {longs} {offsets}, {term}", (term, offsets))
    return cx.text.pure(
        f"getelementptr {element}, ptr {pointer}, {longs} {offsets}", (pointer, offsets)
    )


# Hints


def prefetch(cx: Context, buffer: Buffer, indices: tuple[Expr, ...]) -> None:
    """Ask for the line of an element, to be read, in all caches.

    The address makes no claim to lie in the buffer: the element may be beyond its end.
    """
    offset: Expr = Const(0, dtypes.INDEX)
    for index, by in zip(indices, buffer.strides(), strict=True):
        offset = offset + index * by
    base, place = cx.pointers[buffer][0], str(index_value(cx, offset))
    pointer = cx.text.pure(
        f"getelementptr {memory_type(buffer.dtype)}, ptr {base}, i64 {place}", (base, place)
    )
    cx.text.module.declare("void", "llvm.prefetch.p0", ("ptr", "i32", "i32", "i32"))
    cx.text.line(f"call void @llvm.prefetch.p0(ptr {pointer}, i32 0, i32 3, i32 1)")


# Registers


def register_key(cx: Context, buffer: Buffer, indices: tuple[Expr, ...]) -> tuple[Buffer, int]:
    """Which register an access means: its constant index, in elements."""
    index = linear_index(cx, buffer, indices)
    position = index.constant + index.stride * cx.chunk.start
    for expr, coefficient, _ in index.terms:
        value = cx.constants.get(expr)  # type: ignore[call-overload]
        if value is None:
            raise TargetError(
                f"Emitting for target cpu stopped at {buffer.name!r}: register tiles are indexed "
                f"by unrolled loops, and {expr!r} is none; this is a defect of tvmlab."
            )
        position += coefficient * value
    return buffer, position


def _store_register(cx: Context, buffer: Buffer, indices: tuple[Expr, ...], value: str) -> None:
    key = register_key(cx, buffer, indices)
    before = cx.registers.get(key)
    if cx.mask != "true" and before is not None:
        lanes = cx.chunk.lanes
        mask = spread_mask(cx)
        masks, kind = value_type("bool", lanes), value_type(buffer.dtype, lanes)
        value = cx.text.pure(
            f"select {masks} {mask}, {kind} {value}, {kind} {before}", (mask, value, before)
        )
    cx.registers[key] = value
    cx.register_lanes[key] = cx.chunk.lanes


# Masks


def spread_mask(cx: Context) -> str:
    """The mask in the chunk's lanes."""
    if cx.mask_lanes > 1 or cx.chunk.lanes == 1:
        return cx.mask
    return spread(cx, cx.mask, "bool", cx.chunk.lanes)


def memory_mask(cx: Context, mask: str) -> str:
    """`mask`, and only lanes that exist: "true", or a vector of the chunk's lanes."""
    chunk = cx.chunk
    if chunk.active < chunk.lanes:
        exist = first_lanes(chunk.active, chunk.lanes)
        if mask == "true":
            return exist
        mask = both(cx, spread_mask(cx), exist, chunk.lanes)
    elif mask != "true":
        mask = spread_mask(cx)
    return "splat (i1 false)" if mask == "false" else mask


def _as_vector(mask: str) -> str:
    return "splat (i1 true)" if mask == "true" else mask


def _any_lane(cx: Context, mask: str, lanes: int) -> str:
    if lanes == 1:
        return mask
    name = f"llvm.vector.reduce.or.{suffix('bool', lanes)}"
    return cx.text.call("i1", name, ((value_type("bool", lanes), mask),))


# The two forms of a bool


def _stored(buffer: Buffer) -> str:
    """The dtype that memory holds for the buffer's."""
    return "uint8" if buffer.dtype == "bool" else buffer.dtype


def _element_alignment(buffer: Buffer) -> int:
    return dtypes.size_bytes(buffer.dtype)


def _from_memory(cx: Context, value: str, dtype: str, lanes: int) -> str:
    if dtype != "bool":
        return value
    zero = "0" if lanes == 1 else "zeroinitializer"
    return cx.text.pure(f"icmp ne {memory_type(dtype, lanes)} {value}, {zero}", (value,))


def _to_memory(cx: Context, value: str, dtype: str, lanes: int) -> str:
    if dtype != "bool":
        return value
    if value in ("true", "false"):
        return "1" if value == "true" else "0"
    return cx.text.pure(
        f"zext {value_type(dtype, lanes)} {value} to {memory_type(dtype, lanes)}", (value,)
    )
