"""A scheduled program as the numbers that features are made of: one `Statement` for every store.

Loops of one iteration are left out, so that a split by 1 and no split look alike. Predicates are
taken to hold, but for the share of executions that they let through, and loops of symbolic extent
to have one iteration, as in the extractors of AutoTVM (v0.10, `touch_extractor.cc`) and Ansor
(`auto_scheduler/feature.cc`). What a block does before its reduction is not counted: the update of
the same element stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import prod
from typing import NamedTuple

from tvmlab.analysis.pipelining import leads
from tvmlab.analysis.touching import Line, line_of
from tvmlab.arith.linear import Interval
from tvmlab.arith.simplify import linear
from tvmlab.ir.axis import axis_of
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.instruction import is_asynchronous
from tvmlab.ir.program import Block, For, Invoke, Let, Program, Stmt, Store
from tvmlab.ir.walk import exprs, sub_stmts, substitute, variables
from tvmlab.tune.features.guards import Guard, guards_of, let_through
from tvmlab.tune.features.operations import Operations, operations

POSITIONS = ("spatial inner", "spatial middle", "spatial outer", "reduce inner", "reduce middle",
             "reduce outer", "mixed")  # fmt: skip
"""Which of its block's iteration variables a loop moves: the last, the first, another, or several;
a loop that moves none repeats the block, and is counted as a spatial outer one."""


class Axis(NamedTuple):
    """A loop around a statement: variable, iterations, kind, which of `POSITIONS` it is, and the
    hardware axis that it is bound to; empty if it is not."""

    var: Var
    extent: int
    kind: str
    position: int
    thread: str = ""


class Access(NamedTuple):
    """Elements of one buffer that a statement touches, all with the same steps.

    Attributes:
        buffer: what is touched.
        is_read, is_write: how.
        lines: for each dimension how the index moves with the loops.
    """

    buffer: Buffer
    is_read: bool
    is_write: bool
    lines: tuple[Line, ...]


class Statement(NamedTuple):
    """One store and the loops around it.

    Attributes:
        axes: the loops, innermost first.
        operations: what one execution computes, counted as `OPERATIONS` says.
        accesses: what it writes, then what it reads, in the order of the expression.
        lead: how many iterations of a pipelined loop it runs before what it writes is last touched.
        is_asynchronous: whether an instruction that goes on by itself does it.
        kept: the share of its executions that predicates let through.
    """

    axes: tuple[Axis, ...]
    operations: Operations
    accesses: tuple[Access, ...]
    lead: int = 0
    is_asynchronous: bool = False
    kept: float = 1.0

    @property
    def executions(self) -> int:
        """How often it is executed."""
        return prod(axis.extent for axis in self.axes)

    @property
    def work(self) -> int:
        """Operations of all executions, where a copy counts as one."""
        return self.executions * max(1, sum(self.operations))


class Reading(NamedTuple):
    """What features need to know of a program.

    Attributes:
        statements: those with the most work first, else in order.
        scratch: the buffers that are no parameters.
    """

    statements: tuple[Statement, ...]
    scratch: tuple[Buffer, ...]

    def shared_loops(self) -> dict[Buffer, list[tuple[Var, ...]]]:
        """For each buffer, the loops around every statement that touches it, outermost first."""
        found: dict[Buffer, list[tuple[Var, ...]]] = {}
        for statement in self.statements:
            loops = tuple([axis.var for axis in reversed(statement.axes)])
            for buffer in dict.fromkeys(access.buffer for access in statement.accesses):
                found.setdefault(buffer, []).append(loops)
        return found


def read(program: Program) -> Reading:
    """The statements of a program and its scratch buffers."""
    return Reading(by_work(in_order(program)), program.buffers)


def by_work(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Those with the most work first, else in order."""
    return tuple(sorted(statements, key=lambda each: -each.work))


def in_order(program: Program) -> list[Statement]:
    """The statements of a program as they follow each other."""
    return list(_in_stmt(program.body, (), {}))


def _in_stmt(stmt: Stmt, around: tuple[For, ...], ahead: Mapping[str, int]) -> Iterator[Statement]:
    """The statements in `stmt`, inside loops and with the leads of blocks in those."""
    if isinstance(stmt, Block):
        yield from _in_block(stmt, tuple(map(_Loop.of, around)), ahead.get(stmt.name, 0))
        return
    inside = (*around, stmt) if isinstance(stmt, For) else around
    if isinstance(stmt, For) and stmt.annotations:
        ahead = {**ahead, **leads(stmt)}
    for below in sub_stmts(stmt):
        yield from _in_stmt(below, inside, ahead)


class _Loop(NamedTuple):
    """What facts about a block depend on, of a loop around it."""

    var: Var
    extent: int
    kind: str
    thread: str

    @classmethod
    def of(cls, loop: For) -> _Loop:
        return cls(loop.var, iterations(loop), loop.kind, axis_of(loop) or "")


def iterations(loop: For) -> int:
    """Of a loop; 1 where its extent is symbolic."""
    return loop.extent if isinstance(loop.extent, int) else 1


@lru_cache(maxsize=8192)
def _in_block(block: Block, around: tuple[_Loop, ...], lead: int) -> tuple[Statement, ...]:
    """Kept: of a program's blocks most are as they were in others of the same search."""
    return tuple(_inside(block, _Place(around, {}, {}, (), lead)))


def forget() -> None:
    """Forget the blocks seen so far, for whoever times what is seen for the first time."""
    _in_block.cache_clear()


class _Place(NamedTuple):
    """Where a statement stands.

    Attributes:
        around: the loops around it, outermost first.
        values: those of the iteration variables of its blocks.
        positions: of loops, as a number of `POSITIONS`.
        named: values of Lets, whose loads count with the first store below them.
        lead: of all statements here.
        is_asynchronous: whether they are such an instruction.
        kept: the share of executions that the predicates of blocks let through.
    """

    around: tuple[_Loop, ...]
    values: Mapping[Var, Expr]
    positions: Mapping[Var, int]
    named: tuple[Expr, ...]
    lead: int = 0
    is_asynchronous: bool = False
    kept: float = 1.0


def _inside(stmt: Stmt, place: _Place) -> Iterator[Statement]:
    """The statements in `stmt`, which stands at `place`."""
    around, values, positions, named, *_ = place
    if isinstance(stmt, Block):
        bound = {
            it.var: substitute(b, values) for it, b in zip(stmt.iters, stmt.bindings, strict=True)
        }
        loops = {var: variables(value) for var, value in bound.items()}
        moved = {**positions_of(stmt, loops), **positions}
        kept = place.kept * _kept(stmt, values, bound, around)
        inside = place._replace(values={**values, **bound}, positions=moved, kept=kept)
        yield from _inside(stmt.body, inside)
    elif isinstance(stmt, Store):
        yield _statement(stmt, place)
    else:
        if isinstance(stmt, Let):
            named = (*named, stmt.value)
        if isinstance(stmt, For):
            around = (*around, _Loop.of(stmt))
        goes_on = place.is_asynchronous or (isinstance(stmt, Invoke) and is_asynchronous(stmt))
        inside = place._replace(around=around, is_asynchronous=goes_on)
        for below in sub_stmts(stmt):
            yield from _inside(below, inside._replace(named=named))
            named = ()


def _kept(
    block: Block, values: Mapping[Var, Expr], bound: Mapping[Var, Expr], around: Iterable[_Loop]
) -> float:
    """The share of a block's executions that its predicate lets through."""
    if isinstance(block.where, Const):
        return 1.0
    ranges: dict[Var, Interval] = {loop.var: (0, loop.extent - 1) for loop in around}
    guards = guards_of(substitute(block.where, values), ranges)
    guards += [
        Guard(linear(bound[it.var], ranges), it.extent)
        for it in block.iters
        if isinstance(it.extent, int)
    ]
    return let_through(guards, ranges)


def positions_of(block: Block, loops: Mapping[Var, Iterable[Var]]) -> dict[Var, int]:
    """Which of the block's iteration variables each loop moves, as a number of `POSITIONS`.

    Args:
        loops: those that move each variable.
    """
    found: dict[Var, int] = {}
    for first, is_reduce in ((0, False), (3, True)):
        iters = [it.var for it in block.iters if it.is_reduce == is_reduce]
        for n, var in enumerate(iters):
            place = 0 if n == len(iters) - 1 else 2 if n == 0 else 1
            for loop in loops[var]:
                found[loop] = len(POSITIONS) - 1 if loop in found else first + place
    return found


def _statement(store: Store, place: _Place) -> Statement:
    around, values, positions, named, lead, goes_on, share = place
    kept = [loop for loop in reversed(around) if loop.extent > 1]
    axes = tuple([
        Axis(o.var, o.extent, o.kind, positions.get(o.var, 2), o.thread) for o in kept
    ])  # fmt: skip
    ranges = {loop.var: (0, loop.extent - 1) for loop in around}
    order = {loop.var: n for n, loop in enumerate(kept)}
    found: list[Access] = []
    met: dict[int, Line] = {}

    def line(index: Expr) -> Line:
        # Most indices are iteration variables, each met in several accesses.
        if id(index) not in met:
            met[id(index)] = line_of(index, values, ranges, order)
        return met[id(index)]

    add_access(found, Access(store.buffer, False, True, tuple(map(line, store.indices))))
    for value in (*named, store.value):
        for e in exprs(value):
            if isinstance(e, Load):
                add_access(found, Access(e.buffer, True, False, tuple(map(line, e.indices))))
    counted = operations((*named, store.value))
    return Statement(axes, counted, tuple(found), lead, goes_on, share)


def add_access(found: list[Access], access: Access) -> None:
    """Take in an access, with one of the same buffer where both move alike."""
    for n, known in enumerate(found):
        if known.buffer is access.buffer:
            lines = _joined(known.lines, access.lines)
            if lines is not None:
                is_read, is_write = (
                    known.is_read or access.is_read,
                    known.is_write or access.is_write,
                )
                found[n] = Access(access.buffer, is_read, is_write, lines)
                return
    found.append(access)


def _joined(a: tuple[Line, ...], b: tuple[Line, ...]) -> tuple[Line, ...] | None:
    """What both touch, where they move alike."""
    if any(x.steps != y.steps or x.most != y.most for x, y in zip(a, b, strict=True)):
        return None
    return tuple([x.with_neighbour(y) for x, y in zip(a, b, strict=True)])
