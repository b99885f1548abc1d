"""Loads with a small stride: whole vectors and shuffles, several times faster than a gather.

stride 2, 4 lanes:   a0 .  a1 . | a2 .  a3        two loads, the second so far to the left
                     [ v0      ]                  that it ends with the last element wanted:
                            [ v1      ]           nothing beyond the access is read
"""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.targets.cpu.emit_context import Context, spread
from tvmlab.targets.cpu.emit_index import Address, pointer_to
from tvmlab.targets.cpu.emit_masked import load_masked
from tvmlab.targets.cpu.emit_types import memory_type, value_type, vector_literal

LARGEST_STRIDE = 4
"""Beyond it, gathering takes no more instructions than loading and shuffling."""


def is_shuffled(cx: Context, at: Address) -> bool:
    """Whether an access is better loaded as whole vectors, of which it spans at least one."""
    stride, chunk = at.index.stride, cx.chunk
    if not at.index.is_even:
        return False
    if stride == -1:
        return chunk.active == chunk.lanes and (cx.mask == "true" or at.index.inside)
    return 2 <= stride <= LARGEST_STRIDE and (chunk.active - 1) * stride >= chunk.lanes - 1


def load_strided(cx: Context, buffer: Buffer, at: Address) -> str:
    """The lanes, as memory holds them, of an access that `is_shuffled`.

    Where only some lanes are wanted and the others may be outside, only what the former need is
    read of each whole vector.
    """
    lanes, active, stride = cx.chunk.lanes, cx.chunk.active, at.index.stride
    if stride == -1:
        backwards = _load(cx, buffer, at, 1 - lanes)
        return _shuffle(cx, buffer, backwards, "poison", list(range(lanes - 1, -1, -1)))
    last = (active - 1) * stride
    found, seen = _load(cx, buffer, at, 0), lanes
    picks = [n * stride if n * stride < lanes else 0 for n in range(lanes)]
    while seen <= last:
        start = min(seen, last + 1 - lanes)
        part = _load(cx, buffer, at, start)
        for n in range(active):
            if seen <= n * stride < seen + lanes:
                picks[n] = lanes + n * stride - start
        found = _shuffle(cx, buffer, found, part, picks)
        picks, seen = list(range(lanes)), seen + lanes
    return found


def _load(cx: Context, buffer: Buffer, at: Address, start: int) -> str:
    """A vector from `start` elements after the access's first."""
    pointer = pointer_to(cx, buffer, at, start)
    lanes, align = cx.chunk.lanes, dtypes.size_bytes(buffer.dtype)
    vector = memory_type(buffer.dtype, lanes)
    if cx.mask == "true" or at.index.inside:
        text = f"load {vector}, ptr {pointer}, align {align}"
        return cx.text.load(text, (pointer,), buffer)
    mask = _wanted(cx, at.index.stride, start)
    return load_masked(cx, buffer, pointer, mask, align)


def _wanted(cx: Context, stride: int, start: int) -> str:
    """Which elements from `start` on the wanted lanes read."""
    lanes = cx.chunk.lanes
    mask = spread(cx, cx.mask, "bool", lanes) if cx.mask_lanes == 1 else cx.mask
    kind = value_type("bool", lanes)
    read = [divmod(start + n, stride) for n in range(lanes)]
    picks = [lane if not rest and lane < cx.chunk.active else lanes for lane, rest in read]
    which = f"<{lanes} x i32> {vector_literal(picks, 'int32')}"
    return cx.text.pure(f"shufflevector {kind} {mask}, {kind} zeroinitializer, {which}", (mask,))


def _shuffle(cx: Context, buffer: Buffer, a: str, b: str, picks: list[int]) -> str:
    vector = memory_type(buffer.dtype, cx.chunk.lanes)
    mask = f"<{len(picks)} x i32> {vector_literal(picks, 'int32')}"
    return cx.text.pure(f"shufflevector {vector} {a}, {vector} {b}, {mask}", (a, b))
