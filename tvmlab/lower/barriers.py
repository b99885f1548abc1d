"""Barriers: threads wait for each other where one needs what another wrote, and nowhere else.

    for x in bound(32, thread="threadIdx.x"):        for x in bound(32, thread="threadIdx.x"):
        for k in range(4):                               for k in range(4):
            T[x] = A[k, x]                    ->             barrier(T)
            C[x] = C[x] + T[31 - x]                          T[x] = A[k, x]
                                                             barrier(T)
                                                             C[x] = C[x] + T[31 - x]

What a thread reads that only it wrote needs none. One stands right before the statement that needs
it, so that it serves as many as it can, and outside of every loop that does not. What is needed
from one iteration to the next is waited for where an iteration begins. Takes kernels in one nest,
as `tvmlab.lower.threads` leaves them, without blocks and without lanes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tvmlab.analysis.accesses import Access, accesses
from tvmlab.analysis.exchange import is_handed, is_handed_on
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.conjuncts import buffers_read
from tvmlab.ir.kernel import on_kernels
from tvmlab.ir.program import Barrier, For, If, Program, Seq, Stmt, Store
from tvmlab.ir.walk import stmts, variables
from tvmlab.lower.storage import PRIVATE


def write_barriers(program: Program) -> Program:
    """The program with a barrier wherever threads of a block hand something to each other."""
    return program.with_body(on_kernels(program.body, lambda kernel: _in_kernel(kernel, ())))


def _in_kernel(stmt: Stmt, loops: tuple[For, ...]) -> Stmt:
    if isinstance(stmt, For) and axis_of(stmt) in (*BLOCK_AXES, *THREAD_AXES):
        return stmt.replace(body=_in_kernel(stmt.body, (*loops, stmt)))
    threads = tuple(o for o in loops if axis_of(o) in THREAD_AXES and o.extent != 1)
    if not threads:
        return stmt
    blocks = tuple(o for o in loops if axis_of(o) in BLOCK_AXES)
    written = {s.buffer for s in stmts(stmt) if isinstance(s, Store)}
    shared = frozenset(b for b in written if b.scope not in PRIVATE)
    return _Writer(blocks, threads, shared).part(stmt, ()).stmt


@dataclass(frozen=True)
class _Part:
    """A statement with its barriers.

    Attributes:
        stmt: the statement.
        first, last: what it touches before the first barrier that all executions of it meet, and
            after the last one: all of it where there is none.
        waits: whether there is such a barrier.
    """

    stmt: Stmt
    first: tuple[Access, ...]
    last: tuple[Access, ...]
    waits: bool


@dataclass(frozen=True)
class _Writer:
    """Puts barriers into one kernel.

    Attributes:
        blocks, threads: its loops over blocks, and those over more than one thread.
        shared: the buffers that it writes and that threads share.
    """

    blocks: tuple[For, ...]
    threads: tuple[For, ...]
    shared: frozenset[Buffer]

    def part(self, stmt: Stmt, around: tuple[For, ...]) -> _Part:
        """`stmt`, inside the loops `around`, with its barriers."""
        if isinstance(stmt, Seq):
            return self._in_order(stmt, around)
        every = self._touched(stmt, around)
        if isinstance(stmt, For) and self._has_exchange(every, len(around)):
            return self._loop(stmt, around, every)
        if isinstance(stmt, If) and self._is_uniform(stmt):
            then = self.part(stmt.then, around).stmt
            otherwise = None if stmt.otherwise is None else self.part(stmt.otherwise, around).stmt
            stmt = If(stmt.condition, then, otherwise)
        return _Part(stmt, every, every, False)

    def _in_order(self, seq: Seq, around: tuple[For, ...]) -> _Part:
        done: list[Stmt] = []
        first: tuple[Access, ...] = ()
        last: tuple[Access, ...] = ()
        waits = False
        for stmt in seq.stmts:
            part = self.part(stmt, around)
            needed = self._exchanged(last, part.first, len(around))
            if needed:
                done.append(Barrier(needed))
                last, waits = (), True
            done.append(part.stmt)
            first = first if waits else (*first, *part.first)
            last = part.last if part.waits else (*last, *part.last)
            waits = waits or part.waits
        return _Part(Seq(done), first, last, waits)

    def _loop(self, loop: For, around: tuple[For, ...], every: tuple[Access, ...]) -> _Part:
        """A loop with an exchange between threads somewhere inside."""
        body = self.part(loop.body, (*around, loop))
        place = len(around)
        needed = _in_order_of_names(
            a.buffer
            for a in body.last
            for b in body.first
            if is_handed_on(a, b, self.blocks, self.threads, place, body.waits)
        )
        inside = body.stmt
        if needed:
            inside = Seq(
                [Barrier(needed), *(inside.stmts if isinstance(inside, Seq) else [inside])]
            )
        new = loop.replace(body=inside)
        waits = (body.waits or bool(needed)) and isinstance(loop.extent, int)
        if not waits:
            return _Part(new, every, every, False)
        return _Part(new, () if needed else body.first, body.last, True)

    def _touched(self, stmt: Stmt, around: tuple[For, ...]) -> tuple[Access, ...]:
        """What `stmt` touches of what threads share, under all loops inside the kernel."""
        return tuple(
            a._replace(loops=(*around, *a.loops))
            for a in accesses(stmt)
            if a.buffer in self.shared and not a.is_own
        )

    def _exchanged(
        self, before: tuple[Access, ...], after: tuple[Access, ...], same: int
    ) -> list[Buffer]:
        """The buffers of which an element goes from one thread to another."""
        return _in_order_of_names(
            a.buffer
            for a in before
            for b in after
            if is_handed(a, b, self.blocks, self.threads, same)
        )

    def _has_exchange(self, every: tuple[Access, ...], same: int) -> bool:
        """Whether threads hand an element to each other somewhere among accesses."""
        pairs = ((a, b) for n, a in enumerate(every) for b in every[n:])
        return any(is_handed(a, b, self.blocks, self.threads, same) for a, b in pairs)

    def _is_uniform(self, branch: If) -> bool:
        """Whether all threads of a block go the same way."""
        own = {loop.var for loop in self.threads}
        return not variables(branch.condition) & own and not buffers_read(branch.condition)


def _in_order_of_names(buffers: Iterable[Buffer]) -> list[Buffer]:
    return sorted(set(buffers), key=lambda b: b.name)
