"""Waits for copies that go on by themselves: at a barrier, for no copy that is not needed yet.

    barrier(T)                              barrier(T, pending=1)
    copy(T[(k + 2) % 3], A[k + 2])   ->     copy(T[(k + 2) % 3], A[k + 2])
    ... T[k % 3] ...                        commit()
                                            ... T[k % 3] ...

Copies side by side that fill each buffer once are a group. A kernel's loops around barriers are
gone through, iteration by iteration: each read finds the group that copied what it reads, and the
barrier before it lets as many groups go on as have begun since. A loop whose indices repeat is left
as soon as an iteration begins as one a period before it did: all that follow would say the same of
later groups, up to the last ones, which are gone through again. Where the barrier before a read is
one in a loop that has ended, and lets more go on, the read gets a barrier of its own. Takes kernels
with barriers wherever they would be needed if copies waited; where a loop's extent is not known, or
it would take long, all barriers go on waiting for all copies.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import lcm

from tvmlab.analysis.accesses import Access, accesses
from tvmlab.arith import Interval, bounds
from tvmlab.arith.period import period
from tvmlab.arith.simplify import loop_range
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.instruction import is_asynchronous
from tvmlab.ir.kernel import on_kernels
from tvmlab.ir.program import Allocate, Barrier, Commit, For, Invoke, Let, Program, Seq, Stmt
from tvmlab.ir.walk import map_children, rewrite, stmts

MOST_STEPS = 1 << 14
"""Statements that are gone through in a kernel: about a second."""

Box = tuple[Interval, ...]
"""The values of each index."""


def wait_for_copies(program: Program) -> Program:
    """The program whose barriers wait for the copies that are needed next."""
    return program.with_body(on_kernels(program.body, _in_kernel))


def _in_kernel(kernel: Stmt) -> Stmt:
    return _in_axes(kernel, {})


def _in_axes(stmt: Stmt, ranges: dict[Var, Interval]) -> Stmt:
    if not isinstance(stmt, For) or axis_of(stmt) not in (*BLOCK_AXES, *THREAD_AXES):
        return _waiting(stmt, ranges)
    ranges[stmt.var] = loop_range(stmt, ranges)
    return stmt.replace(body=_in_axes(stmt.body, ranges))


def _waiting(body: Stmt, ranges: dict[Var, Interval]) -> Stmt:
    """What one thread does, its barriers waiting for what is needed."""
    filled = frozenset(b for s in stmts(body) for b in _copied(s))
    if not filled:
        return body
    try:
        grouped = _grouped(body)
        while True:
            found = _Timeline(filled, ranges)
            found.go(grouped, ())
            if found.alone is None:
                break
            grouped = _before(grouped, found.alone, Barrier(sorted(filled, key=lambda b: b.name)))
    except _Unknown:
        return body
    if not any(found.pending.values()):
        return body
    most = max(found.pending.values())

    def on_stmt(s: Stmt) -> Stmt | None:
        if not isinstance(s, Barrier):
            return None
        return Barrier(s.buffers, found.pending.get(s, most))

    return rewrite(grouped, on_stmt)


def _copied(stmt: Stmt) -> list[Buffer]:
    """The buffer that a statement copies to, if it is such a copy."""
    is_copy = isinstance(stmt, Invoke) and is_asynchronous(stmt)
    return [stmt.operands[0].buffer] if is_copy and isinstance(stmt, Invoke) else []


def _is_unit(stmt: Stmt) -> bool:
    """Whether a statement neither waits nor ends a group."""
    return not any(isinstance(s, (Barrier, Commit)) for s in stmts(stmt))


def _grouped(stmt: Stmt) -> Stmt:
    """A statement with ends of groups behind copies, in loops around barriers."""
    if isinstance(stmt, Seq):
        parts: list[Stmt] = []
        group: set[Buffer] = set()
        for part in stmt.stmts:
            own = {b for s in stmts(part) for b in _copied(s)} if _is_unit(part) else set()
            if group and (not own or own & group):
                parts.append(Commit())
                group = set()
            group |= own
            parts.append(part if _is_unit(part) else _grouped(part))
        return Seq([*parts, Commit()] if group else parts)
    if _is_unit(stmt):
        return Seq([stmt, Commit()]) if any(_copied(s) for s in stmts(stmt)) else stmt
    return map_children(stmt, _grouped, lambda e: None)


def _before(stmt: Stmt, unit: Stmt, barrier: Barrier) -> Stmt:
    return rewrite(stmt, lambda s: Seq([barrier, unit]) if s is unit else None)


class _Unknown(Exception):
    """How often something happens is not known."""


_Last = tuple[Barrier, int, tuple[For, ...]] | None
"""A barrier, the groups that had begun before it, and the loops around it."""


@dataclass(frozen=True)
class _Moment:
    """Where a timeline is when an iteration begins.

    Attributes:
        groups: how many have begun.
        last: the barrier met last.
        group_of: the group that filled each box last.
    """

    groups: int
    last: _Last
    group_of: dict[tuple[Buffer, Box], int]

    def repeats_at(self, later: _Moment) -> bool:
        """Whether what happens from `later` on is what happened from here on, with later groups.

        The last barrier and each box were met as many groups ago as here, or the box not since. A
        box not filled since is older from period to period: a read that finds it lets more groups
        go on, and the least counts.
        """
        return (
            self.group_of.keys() == later.group_of.keys()
            and later.last == self._last_after(later.groups - self.groups)
            and all(
                later.group_of[box] in (group, group + later.groups - self.groups)
                for box, group in self.group_of.items()
            )
        )

    def _last_after(self, groups: int) -> _Last:
        """The barrier met last, so many groups later."""
        return self.last and (self.last[0], self.last[1] + groups, self.last[2])


@dataclass
class _Timeline:
    """What a kernel does, barrier by barrier.

    Attributes:
        filled: the buffers that copies fill.
        ranges: the values of variables now.
        pending: groups that may go on at each barrier, as far as reads were met that need others.
        alone: a statement without a barrier that waits for what it reads; None if there is none.
    """

    filled: frozenset[Buffer]
    ranges: dict[Var, Interval]
    pending: dict[Barrier, int] = field(default_factory=dict)
    alone: Stmt | None = None
    _steps: int = 0
    _groups: int = 0
    _last: _Last = None
    _group_of: dict[tuple[Buffer, Box], int] = field(default_factory=dict)
    _known: dict[Stmt, list[tuple[Access, bool]]] = field(default_factory=dict)
    _periods: dict[For, int | None] = field(default_factory=dict)
    _late: list[tuple[Barrier, int, Stmt]] = field(default_factory=list)

    def go(self, kernel: Stmt, loops: tuple[For, ...]) -> None:
        """Go through a kernel's body."""
        self._stmt(kernel, loops)
        of_loops = set(self.pending)
        for barrier, allowed, unit in self._late:
            if barrier not in of_loops:
                self.pending[barrier] = min(allowed, self.pending.get(barrier, allowed))
            elif allowed < self.pending[barrier]:
                self.alone = self.alone or unit

    def _stmt(self, stmt: Stmt, loops: tuple[For, ...]) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise _Unknown
        if isinstance(stmt, Seq):
            for part in stmt.stmts:
                self._stmt(part, loops)
        elif isinstance(stmt, Commit):
            self._groups += 1
        elif isinstance(stmt, Barrier):
            self._last = (stmt, self._groups, loops)
        elif stmt in self._known or _is_unit(stmt):
            self._unit(stmt, loops)
        elif isinstance(stmt, (Allocate, Let)):
            self._stmt(stmt.body, loops)
        elif isinstance(stmt, For) and isinstance(stmt.extent, int):
            self._loop(stmt, stmt.extent, loops)
        else:
            raise _Unknown

    def _loop(self, loop: For, extent: int, loops: tuple[For, ...]) -> None:
        """Go through a loop: all of it, or what comes before it repeats, a period, and what is left
        of the last one."""
        every = self._period(loop) if extent > 2 else None
        began: deque[_Moment] = deque(maxlen=None if every is None else every + 1)
        n = 0
        while n < extent:
            if every is not None:
                began.append(self._moment())
                if len(began) > every and began[0].repeats_at(began[-1]):
                    periods = (extent - n) // every
                    self._skip(began[0], periods)
                    n, every = n + periods * every, None
                    continue
            self.ranges[loop.var] = (n, n)
            self._stmt(loop.body, (*loops, loop))
            n += 1

    def _period(self, loop: For) -> int | None:
        """Iterations after which all indices of what copies fill are the same again; None where
        they may never be."""
        if loop not in self._periods:
            touched = [a for a in accesses(loop.body) if a.buffer in self.filled]
            is_even = all(isinstance(o.extent, int) for a in touched for o in a.loops)
            found = {period(index, loop.var) for a in touched for index in a.indices}
            known = [p for p in found if p is not None]
            self._periods[loop] = lcm(*known) if is_even and len(known) == len(found) else None
        return self._periods[loop]

    def _moment(self) -> _Moment:
        return _Moment(self._groups, self._last, dict(self._group_of))

    def _skip(self, before: _Moment, periods: int) -> None:
        """Let the period since `before` happen so many times more: what it renewed is as much later
        in groups, and nothing that was told of a read gets worse."""
        later = (self._groups - before.groups) * periods
        self._groups += later
        for key, group in self._group_of.items():
            if group != before.group_of[key]:
                self._group_of[key] = group + later
        self._last = self._moment()._last_after(later)

    def _unit(self, unit: Stmt, loops: tuple[For, ...]) -> None:
        if unit not in self._known:
            copied = {b for s in stmts(unit) for b in _copied(s)}
            every = [a for a in accesses(unit) if a.buffer in self.filled]
            self._known[unit] = [
                (a, a.is_write) for a in every if not a.is_write or a.buffer in copied
            ]
        for access, is_copy in self._known[unit]:
            ranges = dict(self.ranges)
            for loop in access.loops:
                ranges[loop.var] = loop_range(loop, ranges)
            box = tuple(bounds(index, ranges) for index in access.indices)
            if is_copy:
                self._group_of[access.buffer, box] = self._groups
                continue
            met = [
                group
                for (buffer, other), group in self._group_of.items()
                if buffer is access.buffer
                and all(a[0] <= b[1] and b[0] <= a[1] for a, b in zip(box, other, strict=True))
            ]
            if met:
                self._read(unit, max(met), loops)

    def _read(self, unit: Stmt, group: int, loops: tuple[For, ...]) -> None:
        """A statement reads what a group copied."""
        if self._last is None or group >= self._last[1]:
            self.alone = self.alone or unit
            return
        barrier, begun, around = self._last
        allowed = begun - 1 - group
        if loops[: len(around)] == around:
            self.pending[barrier] = min(allowed, self.pending.get(barrier, allowed))
        else:
            self._late.append((barrier, allowed, unit))
