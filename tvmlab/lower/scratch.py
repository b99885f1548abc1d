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
from typing import NamedTuple

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var
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
    every = range(loop.extent) if isinstance(loop.extent, int) else range(0)
    found = [a for a in _accesses(loop.body, loop.var, every) if a.buffer is buffer]
    if not found or not all(a.is_own(loop.var) for a in found):
        return None
    return buffer.replace(shape=buffer.shape[1:] or (1,), scope="local")


class _Access(NamedTuple):
    """A place that is read, written or asked for, and in which iterations of the loop."""

    buffer: Buffer
    indices: tuple[Expr, ...]
    when: range

    def is_own(self, var: Var) -> bool:
        """Whether it is in the box of its own iteration, which a tail names by its number."""
        first = self.indices[0]
        if isinstance(first, Const):
            return len(self.when) == 1 and first.value == self.when.start
        return first is var


def _accesses(stmt: Stmt, var: Var, when: range) -> Iterator[_Access]:
    """Every access in `stmt`, which the iterations `when` of the loop over `var` run."""
    if isinstance(stmt, (Store, Prefetch)):
        yield _Access(stmt.buffer, stmt.indices, when)
    for x in exprs_of(stmt):
        yield from (_Access(e.buffer, e.indices, when) for e in exprs(x) if isinstance(e, Load))
    limit = _limit(stmt, var)
    for below in sub_stmts(stmt):
        inner = when
        if limit is not None and isinstance(stmt, If):
            is_main = below is stmt.then
            inner = range(when.start, limit) if is_main else range(limit, when.stop)
        yield from _accesses(below, var, inner)


def _limit(stmt: Stmt, var: Var) -> int | None:
    """The iteration that a branch tells whole tiles from tails by: `var < limit`."""
    test = stmt.condition if isinstance(stmt, If) else None
    if not isinstance(test, Binary) or test.op != "<" or test.a is not var:
        return None
    return int(test.b.value) if isinstance(test.b, Const) else None


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
