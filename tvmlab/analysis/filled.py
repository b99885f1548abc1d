"""Which boxes of a buffer a piece of program writes without leaving anything out.

Either each index counts through its dimension, or, where loops were fused, the indices are digits
of one number that counts through rows, which stand one after another.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import inf, prod

from tvmlab.analysis.regions import Box, Ranges, Span, atom_variables, span_of
from tvmlab.arith.linear import Linear, atom_interval
from tvmlab.arith.simplify import linear, loop_range
from tvmlab.arith.undigited import undigited
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.conjuncts import conjuncts
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.program import Block, Region, Stmt
from tvmlab.ir.walk import blocks_with_loops, substitute


def filled(stmt: Stmt, buffer: Buffer, ranges: Ranges) -> list[Box]:
    """Boxes of which the blocks in `stmt` surely write every element that is inside the buffer.

    One for each write that counts through a box without gaps.
    """
    found = []
    for block, inner in blocks_with_loops(stmt):
        known = dict(ranges)
        for loop in inner:
            known[loop.var] = loop_range(loop, known)
        values = {it.var: b for it, b in zip(block.iters, block.bindings, strict=True)}
        local = {loop.var for loop in inner}
        for region in block.writes:
            if region.buffer is buffer and _acts_inside(block, region):
                starts = [linear(substitute(start, values), known) for start, _ in region.bounds]
                met = [v for start in starts for a in start.terms for v in atom_variables(a)]
                if all(met.count(v) < 2 for v in local) and all(
                    _has_no_gaps(start, extent, local, known)
                    for start, (_, extent) in zip(starts, region.bounds, strict=True)
                ):
                    bounds = [
                        (substitute(start, values), extent) for start, extent in region.bounds
                    ]
                    found.append(tuple(span_of(s, extent, local, known) for s, extent in bounds))
                elif (rows := _rows(block, region, starts, local, known)) is not None:
                    found.append(rows)
    return found


def _rows(
    block: Block, region: Region, starts: Sequence[Linear], local: set[Var], known: Ranges
) -> Box | None:
    """The box of neighbouring rows whose elements one number counts through, its digits being the
    indices `starts`; None where that is not seen.

    A number stands for one element only while no index leaves its dimension. Of the write that is
    so, because a predicate leaves out nothing; of the box found it is asked here.
    """
    shape = region.buffer.shape
    is_always = isinstance(block.where, Const) and bool(block.where.value)
    if not is_always or any(extent != 1 for _, extent in region.bounds):
        return None
    if not all(isinstance(extent, int) for extent in shape):
        return None
    extents = [extent for extent in shape if isinstance(extent, int)]
    steps = [prod(extents[n + 1 :]) for n in range(len(extents))]
    total = Linear({}, 0)
    for start, step in zip(starts, steps, strict=True):
        total = total.plus(start, step)
    total = undigited(total, known)
    inner = Linear({a: c for a, c in total.terms.items() if atom_variables(a) & local}, 0)
    if not _has_no_gaps(inner, 1, local, known):
        return None
    low, high = inner.interval(known)
    first = total.plus(inner, -1).plus(Linear({}, int(low)))
    return _neighbours(first, int(high - low) + 1, extents, steps, known)


def _neighbours(
    first: Linear, count: int, extents: Sequence[int], steps: Sequence[int], known: Ranges
) -> Box | None:
    """The box of `count` elements in a row from number `first` on, if it is one."""
    split = next(n for n, step in enumerate(steps) if count % step == 0)
    spans, rest = [], first
    for n in range(split + 1):
        start = Linear(
            {a: c // steps[n] for a, c in rest.terms.items() if c % steps[n] == 0},
            rest.constant // steps[n],
        )
        rest = rest.plus(start, -steps[n])
        extent = count // steps[n] if n == split else 1
        low, high = start.interval(known)
        if low < 0 or high + extent > extents[n]:
            return None
        spans.append(Span(start, extent))
    if rest.terms or rest.constant:
        return None
    whole = [Span(Linear({}, 0), extent) for extent in extents[split + 1 :]]
    return (*spans, *whole)


def _acts_inside(block: Block, region: Region) -> bool:
    """Whether the block's predicate leaves out at most what is outside the buffer: each index is
    a variable that ranges over the whole dimension, and a step adds predicates for nothing else."""
    if isinstance(block.where, Const):
        return bool(block.where.value)
    extents = {it.var: it.extent for it in block.iters}
    bindings = {
        linear(b, {}).key(): it.extent for it, b in zip(block.iters, block.bindings, strict=True)
    }
    whole = all(
        isinstance(start, Var) and extents.get(start) == extent
        for (start, _), extent in zip(region.bounds, region.buffer.shape, strict=True)
    )
    return whole and all(_is_domain(c, bindings) for c in conjuncts(block.where))


def _is_domain(e: Expr, bindings: Mapping[Hashable, Extent]) -> bool:
    """Whether a condition says only that a binding is inside its variable's extent."""
    if not isinstance(e, Binary) or not isinstance(e.b, Const) or e.op not in ("<", ">="):
        return False
    key = linear(e.a, {}).key()
    return key in bindings and e.b.value == (bindings[key] if e.op == "<" else 0)


def _has_no_gaps(start: Linear, extent: object, local: set[Var], known: Ranges) -> bool:
    """Whether an index takes each value between its least and greatest, the region's `extent`
    elements from each included, while the local variables range."""
    reached = extent
    for atom, coefficient in sorted(start.terms.items(), key=lambda term: abs(term[1])):
        if not atom_variables(atom) & local:
            continue
        low, high = atom_interval(atom, known)
        if not isinstance(reached, int) or not isinstance(atom, Var) or high == inf:
            return False
        if abs(coefficient) > reached:
            return False
        reached += abs(coefficient) * int(high - low)
    return isinstance(reached, int)
