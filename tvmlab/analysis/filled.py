"""Which boxes of a buffer a piece of program writes without leaving anything out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import inf

from tvmlab.analysis.regions import Box, Ranges, atom_variables, span_of
from tvmlab.arith.linear import Linear, atom_interval
from tvmlab.arith.simplify import linear, loop_range
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.conjuncts import conjuncts
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.program import Block, Region, Stmt
from tvmlab.ir.walk import blocks_with_loops, substitute


def filled(stmt: Stmt, buffer: Buffer, ranges: Ranges) -> list[Box]:
    """Boxes of which the blocks in `stmt` surely write every element that is inside the buffer.

    One for each write whose indices count through a box without gaps.
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
    return found


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
