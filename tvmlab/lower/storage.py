"""Storage: an intermediate shrinks to what one iteration of a loop needs of it.

A buffer that only the blocks inside a loop touch, and of which every iteration writes all that it
reads, needs only the box that one iteration touches. Under a parallel loop every iteration gets a
box of its own, so that threads never share one.
"""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.analysis.parallelism import is_private
from tvmlab.analysis.regions import Box, Ranges, touched, union
from tvmlab.arith import Interval, bounds, simplify
from tvmlab.arith.simplify import loop_range
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.program import Block, For, Iter, Program, Region, Stmt, Store
from tvmlab.ir.walk import blocks_with_loops, map_children, rewrite, rewrite_expr


@dataclass(frozen=True)
class _Place:
    """Where a buffer lives from now on: the shrunk buffer, and what to subtract from indices.

    `origins` are the expressions subtracted with the least and greatest value of each.
    """

    buffer: Buffer
    lead: Var | None
    origins: tuple[tuple[Expr, Interval], ...]


def shrink_storage(program: Program) -> Program:
    """Every intermediate at the innermost loop that can own it."""
    for buffer in program.buffers:
        place = _place(program, buffer)
        if place is not None:
            kept = [place.buffer if b is buffer else b for b in program.buffers]
            body = _moved(program.body, buffer, place)
            program = Program(program.name, program.params, program.outputs, kept, body)
    return program


def _place(program: Program, buffer: Buffer) -> _Place | None:
    """The place inside the innermost loop that can own `buffer`; None if no loop can."""
    around = _common_loops(program, buffer)
    # The lanes of a vectorized loop run together: none of them owns a box alone.
    lanes = next((n for n, o in enumerate(around) if o.kind == "vectorized"), len(around))
    around = around[:lanes]
    owner = next((o for o in reversed(around) if is_private(program, o, buffer)), None)
    if owner is None:
        return None
    around = around[: around.index(owner) + 1]
    ranges: dict[Var, Interval] = {}
    for loop in around:
        ranges[loop.var] = loop_range(loop, ranges)
    box = _whole_box(owner.body, buffer, ranges)
    shape, origins = [], []
    for span, extent in zip(box, buffer.extents, strict=True):
        is_smaller = span is not None and span.extent < extent
        shape.append(span.extent if span is not None and is_smaller else extent)
        start = span.start.expr() if span is not None and is_smaller else Const(0, INDEX)
        origins.append((simplify(start, ranges), bounds(start, ranges)))
    parallel = next((o for o in around if o.kind == "parallel"), None)
    if parallel is not None:
        assert isinstance(parallel.extent, int)
        shape = [parallel.extent, *shape]
    elif tuple(shape) == buffer.extents:
        return None
    small = Buffer(buffer.name, shape, buffer.dtype, buffer.scope)
    return _Place(small, parallel.var if parallel is not None else None, tuple(origins))


def _common_loops(program: Program, buffer: Buffer) -> list[For]:
    """The loops around every block that touches `buffer`, outermost first."""
    common: list[For] | None = None
    for block, loops in blocks_with_loops(program.body):
        if buffer in [r.buffer for r in (*block.reads, *block.writes)]:
            common = [o for o in loops if o in common] if common is not None else list(loops)
    return common or []


def _whole_box(body: Stmt, buffer: Buffer, ranges: Ranges) -> Box:
    written = touched(body, buffer, ranges, writes=True)
    read = touched(body, buffer, ranges, writes=False)
    assert written is not None, "an owned buffer is written"
    return written if read is None else union(written, read)


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

    def bound(name: str, value: Expr, interval: Interval) -> Expr:
        """A variable of the block that stands for `value`; it counts from the least one."""
        if isinstance(value, Const):
            return value
        low, high = map(int, interval)
        iters.append(Iter(Var(name), high - low + 1))
        bindings.append(value - low)
        return iters[-1].var + low

    origin = [
        bound(f"v{buffer.name}_{n}", start, interval)
        for n, (start, interval) in enumerate(place.origins)
    ]
    lead: tuple[Expr, ...] = ()
    if place.lead is not None:
        lead = (bound(f"v{place.lead.name}", place.lead, (0, place.buffer.extents[0] - 1)),)

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
