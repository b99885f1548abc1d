"""Accumulators live in registers: loaded or set before a reduction, stored once after it.

    for xi in unrolled(4): C[x + xi] = 0             for xi in unrolled(4): C_tile[xi] = 0
    for k:                                   ->      for k: for xi in unrolled(4):
        for xi in unrolled(4):                           C_tile[xi] = C_tile[xi] + ...
            C[x + xi] = C[x + xi] + ...              for xi in unrolled(4): C[x + xi] = C_tile[xi]

The outermost loop is taken through which the accesses to the buffer stay a tile of constant shape.
Where the nest before it sets exactly that tile, it sets the registers; else they are loaded.
"""

from __future__ import annotations

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.kernel import has_kernels
from tvmlab.ir.program import Allocate, Barrier, For, Let, Program, Seq, Stmt, Store
from tvmlab.ir.walk import exprs, loads, map_children, stmts, sub_stmts
from tvmlab.lower.tile import (
    accesses,
    in_tile,
    moving_variables,
    take_apart,
    tile_of,
    unrolled_extents,
)
from tvmlab.lower.touched import same_touches, touches


def promote_registers(program: Program) -> Program:
    """The program with accumulators in buffers of scope `register`."""
    return program.with_body(_visit(program.body))


def _visit(stmt: Stmt) -> Stmt:
    if isinstance(stmt, Seq):
        return _visit_all(list(stmt.stmts))
    if isinstance(stmt, For):
        return _visit_all([stmt])
    return map_children(stmt, _visit, lambda e: None)


def _visit_all(body: list[Stmt]) -> Stmt:
    """Statements in order; a loop may take the nest before it along."""
    done: list[Stmt] = []
    for stmt in body:
        if isinstance(stmt, For):
            promoted = _promote_buffers(stmt, done)
            if promoted is not None:
                done.append(promoted)
                continue
            stmt = stmt.replace(body=_visit(stmt.body))
        else:
            stmt = _visit(stmt)
        done.append(stmt)
    return done[0] if len(done) == 1 else Seq(done)


def _promote_buffers(loop: For, before: list[Stmt]) -> Stmt | None:
    """The loop with every buffer in registers that it accumulates into; None if there is none.

    A nest that starts the accumulator is taken from the end of `before`.
    """
    if loop.kind not in ("serial", "unrolled") or has_kernels(loop):
        return None
    for buffer in dict.fromkeys(s.buffer for s in stmts(loop) if isinstance(s, Store)):
        if buffer.scope != "register" and any(e.buffer is buffer for e in loads(loop)):
            promoted = _promote(loop, buffer, before)
            if promoted is not None:
                return promoted
    return None


def _promote(loop: For, buffer: Buffer, before: list[Stmt]) -> Stmt | None:
    if any(isinstance(s, For) and s.kind == "parallel" for s in stmts(loop.body)):
        return None
    if any(isinstance(s, Barrier) and buffer in s.buffers for s in stmts(loop.body)):
        return None  # another thread is to see it meanwhile
    if _is_set_inside(loop.body, buffer):
        return None  # a loop further in accumulates
    moving = moving_variables(loop) | {loop.var}
    unrolled = {v: e for v, e in unrolled_extents(loop).items() if v is not loop.var}
    found = [take_apart(i, unrolled, moving) for i in accesses(loop, buffer)]
    known = [a for a in found if a is not None]
    tile = tile_of(known, unrolled) if len(known) == len(found) else None
    idle = {v for v in unrolled if not any(v in o.terms for a in known for o in a.offsets)}
    touched = touches(loop.body, buffer, moving | idle) if tile is not None else None
    if tile is None or touched is None or not _reads_own(loop, buffer):
        return None
    registers = Buffer(f"{buffer.name}_tile", tile.shape, buffer.dtype, "register")
    start = in_tile(touched, buffer, registers, tile, loads_too=False)
    number = _start(before, buffer, touched)
    if number is not None:
        start = in_tile(before.pop(number), buffer, registers, tile)
    held = in_tile(loop, buffer, registers, tile)
    assert isinstance(held, For)
    inside = _promote_buffers(held, before) or held.replace(body=_visit(held.body))
    end = in_tile(touched, buffer, registers, tile, stores_too=False)
    return Allocate(registers, Seq([start, *_flat(inside), end]))


def _start(before: list[Stmt], buffer: Buffer, touched: Stmt) -> int | None:
    """Which of the statements before a loop does nothing but set `touched`, and may wait for it.

    Between the two others may stand, which start other accumulators.
    """
    stored: set[Buffer] = set()
    for number in reversed(range(len(before))):
        stmt = before[number]
        if _sets_exactly(stmt, buffer, touched):
            return None if any(e.buffer in stored for e in loads(stmt)) else number
        if any(True for _ in accesses(stmt, buffer)):
            return None
        stored |= {s.buffer for s in stmts(stmt) if isinstance(s, Store)}
    return None


def _reads_own(loop: For, buffer: Buffer) -> bool:
    """Whether each load of the buffer is of an element that is stored: its accumulator."""
    stored = {repr(s.indices) for s in stmts(loop) if isinstance(s, Store) and s.buffer is buffer}
    return all(repr(e.indices) in stored for e in loads(loop) if e.buffer is buffer)


def _is_set_inside(stmt: Stmt, buffer: Buffer) -> bool:
    """Whether the first access to the buffer in `stmt` sets an element without reading one."""
    if isinstance(stmt, Store):
        return not any(e.buffer is buffer for e in loads(stmt))
    if isinstance(stmt, Let):
        reads = any(isinstance(e, Load) and e.buffer is buffer for e in exprs(stmt.value))
        return not reads and _is_set_inside(stmt.body, buffer)
    for below in sub_stmts(stmt):
        if any(True for _ in accesses(below, buffer)):
            return _is_set_inside(below, buffer)
    return False


def _sets_exactly(stmt: Stmt, buffer: Buffer, touched: Stmt) -> bool:
    """Whether `stmt` does nothing but set the elements of `touched`."""
    if any(e.buffer is buffer for e in loads(stmt)):
        return False
    if any(s.buffer is not buffer for s in stmts(stmt) if isinstance(s, Store)):
        return False
    first = touches(stmt, buffer, moving_variables(stmt))
    return first is not None and same_touches(first, touched)


def _flat(stmt: Stmt) -> tuple[Stmt, ...]:
    return stmt.stmts if isinstance(stmt, Seq) else (stmt,)
