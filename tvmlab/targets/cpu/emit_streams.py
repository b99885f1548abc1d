"""Stores that pass the caches by, where a loop's annotation asks for them.

Such a store needs an address that is a multiple of what it writes, 16 bytes at least, which is seen
only at run time: so the loop is printed for whole registers, for 16 bytes, and with ordinary stores
for a buffer that begins anywhere. LLVM makes of a vector the widest such stores that its alignment
allows; four of 16 bytes take four times as long as one of 64, which is as long as the memory takes.

On x86 they become visible to other threads in any order: a fence comes before whoever waits for
this thread is told, which is at the end of a function and before the launch of other threads.
"""

from __future__ import annotations

from math import gcd

from tvmlab.analysis.streaming import LEAST_BYTES, streamed
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.program import For, Stmt
from tvmlab.ir.walk import sub_stmts
from tvmlab.targets.cpu.emit_context import Context

_FENCE = {"SSE4.2": "llvm.x86.sse.sfence", "NEON": ""}
"""By an instruction set that every processor of an architecture has: its fence for these stores.
On ARM they are ordered as any other store. Elsewhere stores are ordinary ones."""


def stream_of(cx: Context, loop: For) -> Buffer | None:
    """The buffer that the loop writes past the caches on this machine; None where there is none."""
    name = streamed(loop)
    if name is None or not _fences(cx):
        return None
    return next((b for b in cx.stored[id(loop)] if b.name == name and b in cx.pointers), None)


def widths_bytes(cx: Context, buffer: Buffer) -> list[int]:
    """What one such store may write, widest first: whole registers only if every row begins so."""
    whole = cx.machine.vector_bits // 8
    rows = [by * size_bytes(buffer.dtype) for by in buffer.strides()[:-1] if isinstance(by, int)]
    return [whole, LEAST_BYTES] if gcd(whole, *rows) > LEAST_BYTES else [LEAST_BYTES]


def begins_well(cx: Context, buffer: Buffer, width_bytes: int) -> str:
    """Whether the buffer begins at a multiple of so many bytes, a power of two."""
    pointer, alignment = cx.pointers[buffer]
    if alignment % width_bytes == 0:
        return "true"
    address = cx.text.pure(f"ptrtoint ptr {pointer} to i64", (pointer,))
    rest = cx.text.pure(f"and i64 {address}, {width_bytes - 1}", (address,))
    return cx.text.pure(f"icmp eq i64 {rest}, 0", (rest,))


def hint(cx: Context, buffer: Buffer, alignment: int, stored_bytes: int) -> str:
    """What ends a store of so many bytes that is to pass the caches by; else nothing."""
    is_fit = alignment % LEAST_BYTES == 0 and stored_bytes % LEAST_BYTES == 0
    return cx.text.module.stream_hint() if buffer in cx.streamed and is_fit else ""


def fence(cx: Context, body: Stmt) -> None:
    """Wait for the stores of `body` that pass the caches by, if this function has any of it."""
    if not _streams(cx, body):
        return
    for name in filter(None, _fences(cx)):
        cx.text.module.declare("void", name, ())
        cx.text.line(f"call void @{name}()")


def _streams(cx: Context, stmt: Stmt) -> bool:
    if isinstance(stmt, For):
        if streamed(stmt) is not None:
            return True
        if stmt.kind == "parallel" and cx.fork is not None:
            return False  # a function of its own
    return any(_streams(cx, s) for s in sub_stmts(stmt))


def _fences(cx: Context) -> list[str]:
    """The fences of this machine's architecture: none where it is not known."""
    return [name for sets, name in _FENCE.items() if sets in cx.machine.instruction_sets]
