"""Which boxes of a buffer a piece of program writes without leaving anything out.

Either each index counts through its dimension, or, where loops were fused, the indices are digits
of one number that counts through rows, which stand one after another.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import reduce
from math import inf, prod

from tvmlab.analysis.regions import Box, Ranges, Span, atom_variables, span_of, touched, union
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
            if region.buffer is not buffer:
                continue
            starts = [linear(substitute(start, values), known) for start, _ in region.bounds]
            if _acts_inside(block, region):
                met = [v for start in starts for a in start.terms for v in atom_variables(a)]
                if all(met.count(v) < 2 for v in local) and all(
                    _has_no_gaps(start, extent, local, known)
                    for start, (_, extent) in zip(starts, region.bounds, strict=True)
                ):
                    bounds = [
                        (substitute(start, values), extent) for start, extent in region.bounds
                    ]
                    found.append(tuple(span_of(s, extent, local, known) for s, extent in bounds))
                    continue
                if (rows := _rows(block, region, starts, local, known)) is not None:
                    found.append(rows)
                    continue
            counted = _counted(block, region, starts, local, known)
            if counted is not None:
                found.append(counted)
    return found


def written(stmt: Stmt, buffer: Buffer, ranges: Ranges) -> Box | None:
    """The box that the blocks in `stmt` write; None if they do not. Smaller than that of `touched`
    where one number counts through it."""
    whole = touched(stmt, buffer, ranges, writes=True)
    writers = [b for b, _ in blocks_with_loops(stmt) if buffer in [w.buffer for w in b.writes]]
    boxes = filled(stmt, buffer, ranges)
    return reduce(union, boxes) if boxes and len(boxes) == len(writers) else whole


def _counted(
    block: Block, region: Region, starts: Sequence[Linear], local: set[Var], known: Ranges
) -> Box | None:
    """The box that one number counts through, as where threads share out a copy's elements.

    The indices are digits of the number in mixed radix, of which the box's extents are the
    radices: each but the first stays below its own, and together they make the number again. So all
    numbers below a product of extents mean all elements of the box; those that lie outside the
    buffer may be left out by the predicate, and numbers beyond the product.
    """
    if any(extent != 1 for _, extent in region.bounds):
        return None
    own = [Linear({a: c for a, c in s.terms.items() if atom_variables(a) & local}, 0)
           for s in starts]  # fmt: skip
    spans = [part.interval(known) for part in own]
    if any(low != 0 or high == inf for low, high in spans):
        return None
    extents = [int(high) + 1 for _, high in spans]
    top = next((n for n, part in enumerate(own) if part.terms), 0)
    steps = [prod(extents[n + 1 :]) for n in range(len(extents))]
    number = Linear({}, 0)
    for part, step in zip(own, steps, strict=True):
        number = number.plus(part, step)
    number = undigited(number, known)
    if not number.terms or not _has_no_gaps(number, 1, local, known):
        return None
    count = _allowed(block, region, starts, number, int(number.interval(known)[1]) + 1)
    if count is None or count % steps[top]:
        return None
    extents[top] = count // steps[top]
    return tuple(
        Span(start.plus(part, -1), extent)
        for start, part, extent in zip(starts, own, extents, strict=True)
    )


def _allowed(
    block: Block, region: Region, starts: Sequence[Linear], number: Linear, count: int
) -> int | None:
    """How many values of `number`, from 0 on, the block's predicate leaves, elements outside of the
    buffer not counted; None where it says more than that."""
    ends = {s.key(): e for s, e in zip(starts, region.buffer.shape, strict=True)}
    for condition in conjuncts(block.where):
        if isinstance(condition, Const) and bool(condition.value):
            continue
        if not isinstance(condition, Binary) or condition.op != "<":
            return None
        if not isinstance(condition.b, Const):
            return None
        left, limit = linear(condition.a, {}), int(condition.b.value)
        if left.key() == number.key():
            count = min(count, limit)
        elif ends.get(left.key()) != limit:
            return None
    return count


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
