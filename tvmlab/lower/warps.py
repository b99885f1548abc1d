"""Instructions that the threads of a warp execute together: which stay, and who executes them.

What a statement outside the loops over threads does, the last thread along threadIdx.x does alone
where it is such an instruction; so barriers are found as for any other. Once they stand, all
threads of the warp execute it, and what it does is its name and its tiles:

    if tx == 31:                                  mma_f16(C[0, 0], A[0, 0], B[0, 0])
        mma_f16(C[0, 0], A[0, 0], B[0, 0])   ->
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tvmlab.analysis.ownership import handed_on
from tvmlab.errors import TargetError
from tvmlab.ir.axis import axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.conjuncts import conjuncts, guarded
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.instruction import is_collective
from tvmlab.ir.program import Block, For, If, Invoke, Program, Seq, Stmt
from tvmlab.ir.shuffle import SHUFFLES, WARP
from tvmlab.ir.walk import (
    blocks_with_loops,
    map_children,
    replace_buffers,
    rewrite,
    stmts,
    variables,
)

LANES = "threadIdx.x"
"""The axis along which the threads of a warp stand."""


def keep_tiles(program: Program, known: Collection[str]) -> Program:
    """The program with instructions of warps only where their tiles lie in registers of warps.

    Others are spelled out; and of buffers of scope `warp` that anything else touches, those of one
    thread of each warp are `local`; others stay where threads can ask each other, by shuffles that
    are `known`, and are `shared` elsewhere.
    """
    kept = {b for b in program.buffers if b.scope == "warp"}
    while True:
        lost = {b for b in kept if not _is_of_tiles(program, b, kept, known)}
        if not lost:
            break
        kept -= lost

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Invoke) and is_collective(s) and not _has_tiles(s, kept, known):
            return s.body
        return None

    body = rewrite(program.body, on_stmt)
    handed = "warp" if frozenset(known) >= SHUFFLES else "shared"
    moved = {
        b: b.replace(scope="local" if handed_on(program, b, "local") is None else handed)
        for b in program.buffers
        if b.scope == "warp" and b not in kept
    }
    buffers = [moved.get(b, b) for b in program.buffers]
    body = replace_buffers(body, moved)
    return Program(program.name, program.params, program.outputs, buffers, body)


def _is_of_tiles(
    program: Program, buffer: Buffer, kept: Collection[Buffer], known: Collection[str]
) -> bool:
    """Whether only instructions of warps touch a buffer, and each finds its tiles."""
    for block, loops in blocks_with_loops(program.body):
        if buffer not in [r.buffer for r in (*block.reads, *block.writes)]:
            continue
        parts = [s for s in (block.init, block.body) if s is not None]
        if not all(isinstance(s, Invoke) and _has_tiles(s, kept, known) for s in parts):
            return False
        if any(axis_of(loop) == LANES for loop in loops):
            return False
    return True


def _has_tiles(invoke: Invoke, kept: Collection[Buffer], known: Collection[str]) -> bool:
    """Whether an instruction is `known`, and has in registers what it takes there."""
    if invoke.name not in known:
        return False
    inside = [o.buffer in kept for o in invoke.operands]
    return sum(inside) == 1 if len(inside) == 2 else all(inside)


def is_together(stmt: Stmt) -> bool:
    """Whether instructions of warps are all that a statement does."""
    blocks = [s for s in stmts(stmt) if isinstance(s, Block)]
    return bool(blocks) and all(map(_is_of_warps, blocks))


def has_together(stmt: Stmt) -> bool:
    """Whether a statement holds an instruction of warps."""
    return any(isinstance(s, Invoke) and is_collective(s) for s in stmts(stmt))


def _is_of_warps(block: Block) -> bool:
    return isinstance(block.body, Invoke) and is_collective(block.body)


def lanes_of(kernel: For, found: For | None) -> For:
    """The loop over the threads of a warp, for a kernel in which `found` is bound to that axis.

    Raises:
        TargetError: that loop has another extent.
    """
    if found is None:
        return For(Var("lane"), WARP, kernel, "bound", (("thread", LANES),))
    if found.extent != WARP:
        raise TargetError(
            f"A warp executes instructions of this kernel, and {LANES} is bound to "
            f"{found.var.name} with {found.extent} iterations; bind a loop of {WARP} to it, and "
            "loops over warps to threadIdx.y."
        )
    return found


def execute_together(program: Program) -> Program:
    """All threads of a warp execute its instructions, whose registers have constant numbers."""
    return program.with_body(_visit(program.body, None))


@dataclass(frozen=True)
class _Guard:
    """The test of the one thread that stands for its warp."""

    lane: Var

    def is_met_by(self, condition: Expr) -> bool:
        """Whether a condition is that test."""
        return (
            isinstance(condition, Binary)
            and condition.op == "=="
            and condition.a is self.lane
            and isinstance(condition.b, Const)
            and condition.b.value == WARP - 1
        )


def _visit(stmt: Stmt, guard: _Guard | None) -> Stmt:
    if isinstance(stmt, For) and axis_of(stmt) == LANES:
        return stmt.replace(body=_visit(stmt.body, _Guard(stmt.var)))
    if isinstance(stmt, Invoke):
        return Invoke(stmt.name, stmt.operands, Seq(())) if is_collective(stmt) else stmt
    if isinstance(stmt, If) and guard is not None and has_together(stmt.then):
        rest = [c for c in conjuncts(stmt.condition) if not guard.is_met_by(c)]
        return guarded(rest, _visit(stmt.then, guard))
    new = map_children(stmt, lambda s: _visit(s, guard), lambda e: None)
    if isinstance(new, For) and new.kind == "serial" and _numbers_tiles(new):
        return new.replace(kind="unrolled")
    return new


def _numbers_tiles(loop: For) -> bool:
    """Whether the loop chooses among tiles in registers, which no variable can number."""
    tiles = [
        o
        for s in stmts(loop.body)
        if isinstance(s, Invoke) and is_collective(s)
        for o in s.operands
        if o.buffer.scope == "warp"
    ]
    return any(loop.var in variables(start) for tile in tiles for start, _ in tile.bounds)
