"""What a schedule costs: operations against the expression's, and bytes of intermediates."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import tvmlab as t
from tvmlab.analysis.executions import repetitions
from tvmlab.analysis.work import operations, work_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Allocate, Program
from tvmlab.ir.walk import blocks_with_loops, stmts
from tvmlab.schedule import State


@dataclass(frozen=True)
class Facts:
    """Counted, not measured.

    Attributes:
        operations: executed, on elements, in one call.
        work: the same divided by what the expression asks for.
        storage_bytes: of the intermediates that the lowered program keeps in memory, of what a
            thread has on its stack once.
    """

    operations: float
    work: float
    storage_bytes: int


def facts(s: t.Schedule) -> Facts:
    """The facts of a schedule."""
    asked = work_of(State.start(list(s.outputs)).program).flops
    executed = sum(
        operations(b) * repetitions(b, loops) * prod(int(it.extent) for it in b.iters)
        for b, loops in blocks_with_loops(s.mod.body)
    )
    kept = sum(b.size_bytes for b in _intermediates(s.lowered()) if b.scope != "register")
    return Facts(executed, executed / asked, kept)


def _intermediates(program: Program) -> list[Buffer]:
    inside = [s.buffer for s in stmts(program.body) if isinstance(s, Allocate)]
    return [*program.buffers, *inside]
