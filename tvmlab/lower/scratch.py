"""Scratch: what every iteration of a parallel loop has for itself lives on its thread's stack.

    T = allocate(float32[8, 64])                 for y in parallel(8):
    for y in parallel(8):                            T = allocate(float32[64], scope="local")
        for x: T[y, x] = ...                ->       for x: T[x] = ...
        for x: ... T[y, x] ...                       for x: ... T[x] ...

A thread then writes the same few lines of its cache in one iteration after the other, instead of
memory that it has not touched for long. What an iteration leaves behind is lost, so the loop must
stand in no other, and every access must be to the box of its own iteration.
"""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr
from tvmlab.ir.program import Allocate, For, If, Prefetch, Program, Seq, Stmt, Store
from tvmlab.ir.walk import exprs, exprs_of, loads, rewrite, stmts, sub_stmts

STACK_BYTES = 256 << 10
"""Bytes that one parallel loop may take of a thread's stack; a thread of Python has 1 MiB on
Windows, 8 on Linux, 16 on macOS, and calls nothing from inside a kernel."""


def place_scratch(program: Program) -> Program:
    """The program with private intermediates of its outermost parallel loops inside these."""
    parts = program.body.stmts if isinstance(program.body, Seq) else (program.body,)
    kept, placed = list(program.buffers), []
    for part in parts:
        if isinstance(part, For) and part.kind == "parallel":
            others = [p for p in parts if p is not part]
            mine = [b for b in kept if not any(_uses(p, b) for p in others)]
            part, moved = _with_scratch(part, mine)
            kept = [b for b in kept if b not in moved]
        placed.append(part)
    if len(kept) == len(program.buffers):
        return program
    body = Seq(placed) if isinstance(program.body, Seq) else placed[0]
    return Program(program.name, program.params, program.outputs, kept, body)


def _with_scratch(loop: For, buffers: list[Buffer]) -> tuple[For, list[Buffer]]:
    """The loop with those of `buffers` inside it that fit, and which they are."""
    left, moved = STACK_BYTES, []
    for buffer in buffers:
        box = _box(loop, buffer)
        if box is None or box.size_bytes > left:
            continue
        left -= box.size_bytes
        moved.append(buffer)
        loop = loop.replace(body=Allocate(box, _moved(loop.body, buffer, box)))
    return loop, moved


def _box(loop: For, buffer: Buffer) -> Buffer | None:
    """What an iteration has of `buffer`; None where it has none, or none of its own."""
    if not buffer.shape or not all(isinstance(e, int) for e in buffer.shape):
        return None
    own = [
        _is_own(loop, indices[0], at)
        for used, indices, at in _accesses(loop.body, loop, None)
        if used is buffer
    ]
    if not own or not all(own):
        return None
    return buffer.replace(shape=buffer.shape[1:] or (1,), scope="local")


def _is_own(loop: For, index: Expr, at: int | None) -> bool:
    """Whether an index is the loop's variable, or the value `at` that it has there."""
    return index is loop.var or (isinstance(index, Const) and index.value == at)


_Access = tuple[Buffer, tuple[Expr, ...], int | None]
"""A buffer that is read, written or asked for; where; the loop's iteration, if that is known."""


def _accesses(stmt: Stmt, loop: For, at: int | None) -> Iterator[_Access]:
    """Every access in `stmt`; the last iteration may have a branch of its own, as a tail."""
    if isinstance(stmt, (Store, Prefetch)):
        yield stmt.buffer, stmt.indices, at
    for x in exprs_of(stmt):
        yield from ((e.buffer, e.indices, at) for e in exprs(x) if isinstance(e, Load))
    for below in sub_stmts(stmt):
        is_tail = isinstance(stmt, If) and below is stmt.otherwise and _is_main(stmt, loop)
        yield from _accesses(below, loop, _last(loop) if is_tail else at)


def _is_main(branch: If, loop: For) -> bool:
    """Whether a branch is for all iterations of the loop but its last."""
    test = branch.condition
    if not isinstance(test, Binary) or test.op != "<" or test.a is not loop.var:
        return False
    return isinstance(test.b, Const) and test.b.value == _last(loop)


def _last(loop: For) -> int | None:
    """The last iteration, if that is known."""
    return loop.extent - 1 if isinstance(loop.extent, int) else None


def _uses(stmt: Stmt, buffer: Buffer) -> bool:
    written = any(isinstance(s, (Store, Prefetch)) and s.buffer is buffer for s in stmts(stmt))
    return written or any(e.buffer is buffer for e in loads(stmt))


def _moved(body: Stmt, buffer: Buffer, box: Buffer) -> Stmt:
    """`body` with accesses of the buffer in its box."""

    def inside(indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return indices[1:] or (Const(0, INDEX),)

    def on_expr(e: Expr) -> Expr | None:
        if isinstance(e, Load) and e.buffer is buffer:
            return Load(box, inside(e.indices))
        return None

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Store) and s.buffer is buffer:
            return Store(box, inside(s.indices), s.value, s.source)
        if isinstance(s, Prefetch) and s.buffer is buffer:
            return Prefetch(box, inside(s.indices))
        return None

    return rewrite(body, on_stmt, on_expr)
