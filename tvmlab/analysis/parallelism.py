"""Which loops may run their iterations in any order.

A loop is data-parallel if no two of its iterations touch one element that either writes. Blocks
under one loop may hand values to each other only within an iteration, through a buffer that
nothing outside the loop sees and of which each iteration writes all that it reads: then every
iteration could have a buffer of its own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from tvmlab.analysis.accesses import accesses
from tvmlab.analysis.conflicts import Answer, Conflict, Unknown, dependence, loops_around
from tvmlab.analysis.dependence import continued, is_carried
from tvmlab.analysis.filled import filled
from tvmlab.analysis.polyhedra import is_written_before
from tvmlab.analysis.regions import Box, Ranges, Span, covers, touched
from tvmlab.analysis.repetition import is_repeated
from tvmlab.arith import Interval
from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import loop_range
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Program, Seq, Stmt
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import blocks, blocks_with_loops, stmts, variables


@lru_cache(maxsize=256)
def conflict(program: Program, loop: For) -> Answer:
    """A witness that `loop` is not data-parallel, None if it is, Unknown if neither was found.

    The last answers are kept: the moves of a loop ask for the same one several times.
    """
    for block in blocks(loop.body):
        for it, binding in zip(block.iters, block.bindings, strict=True):
            if it.is_reduce and loop.var in variables(binding):
                return _fold(program, loop, block)
    known: dict[Buffer, bool] = {}

    def spared(buffer: Buffer) -> bool:
        if buffer not in known:
            known[buffer] = is_private(program, loop, buffer)
        return known[buffer]

    found = dependence(program, loop, spared)
    return _over_sizes(program, loop, found) if isinstance(found, Unknown) else found


def _over_sizes(program: Program, loop: For, unknown: Unknown) -> Answer:
    """The answer for indices that are products of sizes, which no affine set holds: by boxes whose
    extents are over sizes, and by counting iterations and values."""
    around = loops_around(program, loop)
    ranges: dict[Var, Interval] = {}
    for outer in around:
        ranges[outer.var] = loop_range(outer, ranges)
    if not any(isinstance(o.extent, Expr) for o in (*around, *_loops(loop))):
        return unknown
    inside = list(blocks_with_loops(loop))
    for buffer in {w.buffer for block, _ in inside for w in block.writes}:
        met = None if is_private(program, loop, buffer) else is_carried(loop, ranges, buffer)
        if met is None:
            continue
        touching = [(b, loops) for b, loops in inside if buffer in _buffers(b)]
        is_shared = len(touching) > 1 or any(continued(b) is buffer for b, _ in touching)
        if is_shared and met.is_certain:
            at = (met.earlier,), (met.later,)
            return Conflict(met.second, met.first, *at, met.element, "exchange")
        if is_shared or is_repeated(*touching[0]):
            return unknown
    return None


def _loops(stmt: Stmt) -> list[For]:
    return [s for s in stmts(stmt) if isinstance(s, For)]


def _fold(program: Program, loop: For, block: Block) -> Conflict:
    """Two iterations of a loop that the block folds over, and an element they add to."""
    written = {r.buffer for r in block.writes}
    found = dependence(program, loop, lambda buffer: buffer not in written)
    if isinstance(found, Conflict) and found.block == found.other == block.name:
        return replace(found, why="reduction")
    # The loop may have one iteration only, which makes no pair.
    region = block.writes[0]
    element = f"{region.buffer.name}[{', '.join('0' for _ in region.bounds)}]"
    second = 0 if same_extent(loop.extent, 1) else 1
    return Conflict(block.name, block.name, (0,), (second,), element, "reduction")


def is_private(program: Program, loop: For, buffer: Buffer) -> bool:
    """Whether each iteration of `loop` could have a `buffer` of its own.

    That is so for an intermediate that only blocks inside the loop touch, if an iteration writes
    every element it reads, and does so first.
    """
    if buffer not in program.buffers:
        return False
    inside = set(map(id, blocks(loop.body)))
    for block in blocks(program.body):
        if id(block) not in inside and buffer in _buffers(block):
            return False
    if any(_folds_on(block, loops, buffer) for block, loops in blocks_with_loops(loop.body)):
        return False
    around = (*loops_around(program, loop), loop)
    ranges: dict[Var, Interval] = {}
    for outer in around:
        ranges[outer.var] = loop_range(outer, ranges)
    if writes_first(loop.body, buffer, ranges, ()):
        return True
    every = [a for a in accesses(loop.body) if a.buffer is buffer]
    writes, reads = [a for a in every if a.is_write], [a for a in every if not a.is_write]
    return bool(writes) and is_written_before(writes, reads, around)


def writes_first(stmt: Stmt, buffer: Buffer, ranges: Ranges, earlier: tuple[Box, ...]) -> bool:
    """Whether boxes show that each read of `buffer` in `stmt` lies in what is written before it.

    Args:
        ranges: what is known of the variables of loops around `stmt`.
        earlier: what is written before `stmt`, a box for each block.
    """
    read = touched(stmt, buffer, ranges, writes=False)
    if read is None or any(covers(box, _within(read, buffer)) for box in earlier):
        return True
    if isinstance(stmt, For):
        ranges = {**ranges, stmt.var: loop_range(stmt, ranges)}
        return writes_first(stmt.body, buffer, ranges, earlier)
    for part in stmt.stmts if isinstance(stmt, Seq) else ():
        if not writes_first(part, buffer, ranges, earlier):
            return False
        earlier = (*earlier, *filled(part, buffer, ranges))
    return isinstance(stmt, Seq)


def _within(box: Box, buffer: Buffer) -> Box:
    """A box with the whole dimension where its span is not known: nothing is read outside."""
    whole = [Span(Linear({}, 0), extent) for extent in buffer.shape]
    return tuple([span or all_of for span, all_of in zip(box, whole, strict=True)])


def _folds_on(block: Block, inner: tuple[For, ...], buffer: Buffer) -> bool:
    """Whether a block folds into `buffer` what loops other than the `inner` ones contribute."""
    if all(w.buffer is not buffer for w in block.writes):
        return False
    here = {o.var for o in inner}
    bound = zip(block.iters, block.bindings, strict=True)
    return any(it.is_reduce and variables(b) - here for it, b in bound)


def _buffers(block: Block) -> list[Buffer]:
    return [r.buffer for r in (*block.reads, *block.writes)]


def loop_kinds(stmt: Stmt) -> set[str]:
    """The kinds of the loops in `stmt`."""
    return {loop.kind for loop in _loops(stmt)}
