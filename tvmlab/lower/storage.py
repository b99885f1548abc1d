"""Storage: an intermediate shrinks to what one iteration of a loop needs of it.

A buffer that only the blocks inside a loop touch, and of which every iteration writes all that it
reads, needs only the box that one iteration touches. Under a parallel loop every iteration gets a
box of its own, so that threads never share one; so does every virtual thread, and under a pipelined
loop every iteration that is under way at one time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from tvmlab.analysis.filled import written
from tvmlab.analysis.ownership import loops_to_owner
from tvmlab.analysis.pipelining import versions
from tvmlab.analysis.regions import Box, Ranges, excess, simplified, touched, union
from tvmlab.arith import Interval, bounds, simplify
from tvmlab.arith.polynomial import Reach, greatest
from tvmlab.arith.simplify import linear, loop_range
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, VIRTUAL_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var, binary
from tvmlab.ir.program import Block, For, Invoke, Iter, Program, Region, Stmt, Store
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import map_children, rewrite, rewrite_expr, stmts, variables

PRIVATE = ("warp", "local")
"""Scopes of which each thread of a device has its own."""

OWNED = ("shared", *PRIVATE)
"""Scopes of which each block of threads has its own."""


@dataclass(frozen=True)
class _Origin:
    """What is subtracted from an index: `count` values from `low` on."""

    value: Expr
    low: int = 0
    count: Extent = 1


@dataclass(frozen=True)
class _Place:
    """Where a buffer lives from now on: the shrunk buffer, and what to subtract from indices.

    `leads` say which of several boxes is meant, each with a name.
    """

    buffer: Buffer
    leads: tuple[tuple[str, _Origin], ...]
    origins: tuple[_Origin, ...]


def shrink_storage(program: Program) -> Program:
    """Every intermediate at the innermost loop that can own it."""
    return _shrunk(program, program.buffers)


def shrink_shared(program: Program) -> Program:
    """Every intermediate but those of a thread and tiles of instructions, which are shrunk where
    threads are told apart."""
    tiles = {o.buffer for s in stmts(program.body) if isinstance(s, Invoke) for o in s.operands}
    handed = [b for b in program.buffers if b.scope == "warp" and b not in tiles]
    return _shrunk(program, [b for b in program.buffers if b.scope not in PRIVATE or b in handed])


def shrink_private(program: Program) -> Program:
    """Every intermediate of a thread at the innermost loop that can own it."""
    return _shrunk(program, [b for b in program.buffers if b.scope in PRIVATE])


def _shrunk(program: Program, buffers: Iterable[Buffer]) -> Program:
    for buffer in buffers:
        place = _place(program, buffer)
        if place is not None:
            kept = [place.buffer if b is buffer else b for b in program.buffers]
            body = _moved(program.body, buffer, place)
            program = Program(program.name, program.params, program.outputs, kept, body)
    return program


def _place(program: Program, buffer: Buffer) -> _Place | None:
    """The place inside the innermost loop that can own `buffer`; None if no loop can."""
    around = loops_to_owner(program, buffer)
    if not around:
        return None
    owner = around[-1]
    ranges: dict[Var, Interval] = {}
    for loop in around:
        ranges[loop.var] = loop_range(loop, ranges)
    box = _whole_box(owner.body, buffer, ranges)
    shape: list[Extent] = []
    origins: list[_Origin] = []
    for span, extent in zip(box, buffer.shape, strict=True):
        origin = None
        if span is not None and _is_smaller(span.extent, extent):
            origin = _origin(span.start.expr(), ranges)
        shape.append(extent if span is None or origin is None else span.extent)
        origins.append(origin or _Origin(Const(0, INDEX)))
    leads = _leads(around, buffer)
    if not leads and all(map(same_extent, shape, buffer.shape)):
        return None
    shape = [*(origin.count for _, origin in leads), *shape]
    alignments = tuple(a._replace(axis=a.axis + len(leads)) for a in buffer.alignments)
    small = buffer.replace(shape=shape, alignments=alignments)
    return _Place(small, leads, tuple(origins))


def _leads(around: list[For], buffer: Buffer) -> tuple[tuple[str, _Origin], ...]:
    """The boxes that loops outside the buffer's owner, or it itself, keep at one time."""
    parallel = next((o for o in around if o.kind == "parallel"), None)
    found: list[tuple[str, _Origin]] = []
    for loop in around:
        if loop is parallel or _keeps_apart(axis_of(loop), buffer.scope):
            found.append((loop.var.name, _Origin(loop.var, 0, loop.extent)))
        count = versions(loop, buffer)
        if count > 1:
            which = binary("%", loop.var, Const(count, INDEX))
            found.append((f"{loop.var.name}_turn", _Origin(which, 0, count)))
    return tuple(found)


def _keeps_apart(axis: str | None, scope: str) -> bool:
    """Whether iterations bound to an axis share a memory of that scope, and each has its box."""
    if axis in VIRTUAL_AXES:
        return True
    if axis in BLOCK_AXES:
        return scope not in OWNED
    return axis in THREAD_AXES and scope not in PRIVATE


def _is_smaller(part: Extent, whole: Extent) -> bool:
    """Whether a box is better than all there is: smaller, or of a size that is known."""
    if isinstance(part, int) and isinstance(whole, Expr):
        return excess(part, whole)[0] < 0
    return excess(whole, part)[0] > 0


def _origin(start: Expr, ranges: Ranges) -> _Origin | None:
    """`start` and the values it may have; None where they are not known."""
    value = simplify(start, ranges)
    low, high = bounds(value, ranges)
    if low == -inf:
        return None
    if any(isinstance(ranges.get(v), Reach) for v in variables(value)):
        most = greatest(linear(value, ranges), ranges)
        return None if most is None else _Origin(value, int(low), simplified(most + (1 - int(low))))
    return None if high == inf else _Origin(value, int(low), int(high - low) + 1)


def _whole_box(body: Stmt, buffer: Buffer, ranges: Ranges) -> Box:
    stored = written(body, buffer, ranges)
    read = touched(body, buffer, ranges, writes=False)
    assert stored is not None, "an owned buffer is written"
    return stored if read is None else union(stored, read)


def _moved(stmt: Stmt, buffer: Buffer, place: _Place) -> Stmt:
    """`stmt` with accesses of `buffer` at its new place.

    A block refers to loops through its variables only, so the part of an index that is
    subtracted comes in as further variables, bound to it.
    """

    def visit(s: Stmt) -> Stmt:
        if not isinstance(s, Block):
            return map_children(s, visit, lambda e: None)
        if buffer not in [r.buffer for r in (*s.reads, *s.writes)]:
            return s
        return _moved_block(s, buffer, place)

    return visit(stmt)


def _moved_block(block: Block, buffer: Buffer, place: _Place) -> Block:
    iters, bindings = list(block.iters), list(block.bindings)

    def bound(name: str, origin: _Origin) -> Expr:
        """A variable of the block that stands for the origin; it counts from the least one."""
        if isinstance(origin.value, Const):
            return origin.value
        iters.append(Iter(Var(name), origin.count))
        bindings.append(origin.value - origin.low)
        return iters[-1].var + origin.low

    origin = [bound(f"v{buffer.name}_{n}", o) for n, o in enumerate(place.origins)]
    lead = tuple(bound(f"v{name}", which) for name, which in place.leads)

    def moved(indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return lead + tuple(
            i if isinstance(o, Const) and not o.value else Binary("-", i, o)
            for i, o in zip(indices, origin, strict=True)
        )

    def on_expr(e: Expr) -> Expr | None:
        if isinstance(e, Load) and e.buffer is buffer:
            return Load(place.buffer, moved(e.indices))
        return None

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Store) and s.buffer is buffer:
            return Store(place.buffer, moved(s.indices), s.value, s.source)
        if isinstance(s, Invoke):
            return Invoke(s.name, map(region, s.operands), s.body)
        return None

    def region(r: Region) -> Region:
        starts = tuple(rewrite_expr(start, on_expr) for start, _ in r.bounds)
        if r.buffer is not buffer:
            return Region(r.buffer, [(s, x) for s, (_, x) in zip(starts, r.bounds, strict=True)])
        starts = moved(starts)
        extents = [1] * len(lead) + [extent for _, extent in r.bounds]
        return Region(place.buffer, list(zip(starts, extents, strict=True)))

    return Block(
        block.name,
        iters,
        bindings,
        block.where,
        [region(r) for r in block.reads],
        [region(w) for w in block.writes],
        rewrite(block.init, on_stmt, on_expr) if block.init is not None else None,
        rewrite(block.body, on_stmt, on_expr),
    )
