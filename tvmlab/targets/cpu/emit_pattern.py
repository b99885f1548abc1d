"""Loads whose lanes form a pattern: the few whole vectors that hold them, and shuffles.

lanes read 0 0 1 1 2 2 3 3         one load of four elements, each picked twice
lanes read 0 9 1 10 2 11 3 12      two loads of four, from 0 and from 9, interleaved
"""

from __future__ import annotations

from tvmlab.arith.lane_offsets import windows
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_index import Address, pointer_to
from tvmlab.targets.cpu.emit_types import memory_type, vector_literal


def load_pattern(cx: Context, buffer: Buffer, at: Address) -> str | None:
    """The lanes, as memory holds them; None where they form no pattern or may lie outside."""
    chunk, offsets = cx.chunk, at.index.offsets
    if offsets is None or cx.mask != "true":
        return None
    wanted = offsets[chunk.start : chunk.start + chunk.active]
    found = windows(wanted, chunk.lanes)
    if found is None:
        return None
    holder = [next(w for w, (f, n) in enumerate(found) if f <= o < f + n) for o in wanted]
    value = ""
    for number, (first, length) in enumerate(found):
        picks = [o - first if h == number else 0 for o, h in zip(wanted, holder, strict=True)]
        part = _spread(cx, buffer, at, first, length, picks)
        if not value:
            value = part
            continue
        lanes = range(chunk.lanes)
        new = [chunk.lanes + n if n < len(holder) and holder[n] == number else n for n in lanes]
        vector = memory_type(buffer.dtype, chunk.lanes)
        value = cx.text.pure(
            f"shufflevector {vector} {value}, {vector} {part}, {_mask(new)}", (value, part)
        )
    return value


def _spread(
    cx: Context, buffer: Buffer, at: Address, first: int, length: int, picks: list[int]
) -> str:
    """A vector of the chunk's lanes, each picked from `length` elements from `first` on."""
    pointer = pointer_to(cx, buffer, at, first)
    vector, align = memory_type(buffer.dtype, length), dtypes.size_bytes(buffer.dtype)
    held = cx.text.load(f"load {vector}, ptr {pointer}, align {align}", (pointer,), buffer)
    every = picks + [0] * (cx.chunk.lanes - len(picks))
    return cx.text.pure(f"shufflevector {vector} {held}, {vector} poison, {_mask(every)}", (held,))


def _mask(picks: list[int]) -> str:
    return f"<{len(picks)} x i32> {vector_literal(picks, 'int32')}"
