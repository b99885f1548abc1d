"""Which elements of a buffer a piece of program touches, as a box over the variables around it.

A box is exact for indices that are sums of the variables of the loops inside, each met once, and
otherwise larger than what is touched, never smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from tvmlab.arith import Interval
from tvmlab.arith.linear import Atom, Linear, Opaque, Quotient, atom_interval
from tvmlab.arith.polynomial import Reach, greatest
from tvmlab.arith.simplify import extent_range, interval, linear, loop_range, simplify
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, as_expr
from tvmlab.ir.program import Iter, Region, Stmt
from tvmlab.ir.shapes import as_extent
from tvmlab.ir.walk import (
    blocks_with_loops,
    exprs,
    substitute,
    variables,
)

Ranges = Mapping[Var, Interval]


@dataclass(frozen=True)
class Span:
    """`extent` elements from `start`, which is over variables outside; None: all there are."""

    start: Linear
    extent: Extent


Box = tuple[Span | None, ...]
"""One span for each dimension."""


def touched(stmt: Stmt, buffer: Buffer, ranges: Ranges, writes: bool) -> Box | None:
    """The box of `buffer` that the blocks in `stmt` read (or write); None if they do not.

    Args:
        stmt: the statement, whose own loops are ranged over.
        buffer: the buffer.
        ranges: what is known of the variables around `stmt`.
        writes: whether writes are meant; else reads.
    """
    total: Box | None = None
    for block, inner in blocks_with_loops(stmt):
        known = dict(ranges)
        for loop in inner:
            known[loop.var] = loop_range(loop, known)
        values = {it.var: b for it, b in zip(block.iters, block.bindings, strict=True)}
        local = {loop.var for loop in inner}
        for region in block.writes if writes else block.reads:
            if region.buffer is buffer:
                box = tuple(
                    span_of(substitute(start, values), extent, local, known)
                    for start, extent in region.bounds
                )
                total = box if total is None else union(total, box)
    return total


def tile_region(
    region: Region, values: Mapping[Var, Expr], local: set[Var], known: Ranges
) -> Region:
    """The box that a region grows to while the variables `local` take all values.

    Args:
        region: what one instance touches, over the variables of `values`.
        values: what takes their place, partly over the variables of `local`.
        local: the variables of the loops that make the box.
        known: what is known of these and of the other variables.
    """
    bounds: list[tuple[Expr, Extent]] = []
    for (start, extent), whole in zip(region.bounds, region.buffer.shape, strict=True):
        span = span_of(substitute(start, values), extent, local, known)
        bounds.append(
            (Const(0, INDEX), whole) if span is None else (span.start.expr(), span.extent)
        )
    return Region(region.buffer, bounds)


def span_of(start: Expr, extent: object, local: set[Var], known: Ranges) -> Span | None:
    """The elements that `extent` indices from `start` on visit while the local variables range.

    None where their bounds are not known, or the index is data.
    """
    if not isinstance(extent, int):
        return None
    if any(isinstance(e, Load) for e in exprs(start)):
        return None  # the index is data: any element may be meant
    return span_of_sum(linear(start, known), extent, local, known)


def span_of_sum(total: Linear, extent: int, local: set[Var], known: Ranges) -> Span | None:
    """The same of a first index in normal form."""
    outside = Linear({}, total.constant)
    low, high = Linear({}, 0), Linear({}, extent - 1)
    for atom, coefficient in total.terms.items():
        if not atom_variables(atom) & local:
            outside = outside.plus(Linear({atom: coefficient}, 0))
            continue
        ends = _ends(atom, known)
        if ends is None:
            return None
        low = low.plus(ends[coefficient < 0], coefficient)
        high = high.plus(ends[coefficient > 0], coefficient)
    count = as_extent(high.plus(low, -1).plus(Linear({}, 1)).expr())
    return Span(outside.plus(low), count)


def _ends(atom: Atom, known: Ranges) -> tuple[Linear, Linear] | None:
    """The least and the greatest value of an atom, the latter perhaps over sizes."""
    low, high = atom_interval(atom, known)
    if low == -inf:
        return None
    if any(isinstance(known.get(v), Reach) for v in atom_variables(atom)):
        most = greatest(Linear({atom: 1}, 0), known)
        return None if most is None else (Linear({}, int(low)), linear(most, {}))
    return None if high == inf else (Linear({}, int(low)), Linear({}, int(high)))


def atom_variables(atom: Atom) -> set[Var]:
    """The variables that an atom stands over."""
    if isinstance(atom, Var):
        return {atom}
    if isinstance(atom, Opaque):
        return variables(atom.expr)
    assert isinstance(atom, Quotient)
    return set().union(*(atom_variables(a) for a in atom.total.terms))


def union(a: Box, b: Box) -> Box:
    """The smallest box that holds both, where their distance is known."""
    return tuple(_span_union(x, y) for x, y in zip(a, b, strict=True))


def _span_union(a: Span | None, b: Span | None) -> Span | None:
    """The smallest span that holds both; None where their distance is not known."""
    if a is None or b is None:
        return None
    distance = b.start.plus(a.start, -1)
    if distance.terms:
        return None
    apart = distance.constant
    low, high = min(0, apart), larger(a.extent, simplified(apart + b.extent))
    return None if high is None else Span(a.start.plus(Linear({}, low)), simplified(high - low))


def larger(a: Extent, b: Extent) -> Extent | None:
    """The larger of two extents; None where that depends on sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return max(a, b)
    low, high = excess(a, b)
    return a if low >= 0 else b if high <= 0 else None


def excess(a: Extent, b: Extent) -> Interval:
    """Bounds of how much larger `a` is than `b`, for all values of sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return a - b, a - b
    return interval(as_expr(a - b), {})


def simplified(extent: Extent) -> Extent:
    """An extent in its simplest form."""
    return extent if isinstance(extent, int) else as_extent(simplify(extent))


def covers(outer: Box, inner: Box) -> bool:
    """Whether `inner` is surely part of `outer`."""
    for a, b in zip(outer, inner, strict=True):
        if a is None:
            continue
        if b is None:
            return False
        distance = b.start.plus(a.start, -1)
        if distance.terms or distance.constant < 0:
            return False
        if excess(distance.constant + b.extent, a.extent)[1] > 0:
            return False
    return True


def iteration_ranges(iters: Iterable[Iter]) -> dict[Var, Interval]:
    """The values that a block's iteration variables take."""
    return {it.var: extent_range(it.extent, {}) for it in iters}
