"""Whether iterations of one loop touch what other iterations touch: dependences between loops.

The question behind fusing loops, fissioning them and running them in any order is one: does some
iteration i of a first body meet an iteration j < i of a second at an element that either writes?

It is answered by boxes: i is put as j + 1 + d with d >= 0, and the elements that either touches
are apart if they are so in one dimension, or in the order of memory, for every j and d. Where that
is no proof, a few iterations are tried for a witness; where there is none either, nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import NamedTuple

from tvmlab.analysis.regions import Ranges, Span, span_of
from tvmlab.arith.linear import Linear
from tvmlab.arith.polynomial import interval_of
from tvmlab.arith.simplify import linear, loop_range, simplify
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, fold
from tvmlab.ir.program import Block, For, Region, Stmt
from tvmlab.ir.shapes import as_index, same_extent
from tvmlab.ir.walk import blocks_with_loops, substitute

MOST_POINTS = 64
"""Instances of a block in one iteration that are tried for a witness."""


class Body(NamedTuple):
    """The statements `stmt`, run in every iteration of `loop`."""

    loop: For
    stmt: Stmt


@dataclass(frozen=True)
class Meeting:
    """Iterations that touch a common element, of which at least one writes it.

    Attributes:
        first: the block in the first body, and `second` that in the second.
        later: the iteration of the first body, and `earlier` that of the second.
        element: the element as text; the buffer's name where none was found.
        is_certain: whether they were seen to meet; else it is only not proved that they do not.
        buffer: whose element.
    """

    first: str
    second: str
    later: int
    earlier: int
    element: str
    is_certain: bool
    buffer: Buffer


class _Access(NamedTuple):
    """A region that a block touches, and the loops between the body's loop and the block."""

    block: Block
    region: Region
    inner: tuple[For, ...]
    is_write: bool

    def starts(self, values: dict[Var, Expr]) -> list[Expr]:
        """Where the region begins, over the loops around the block."""
        bound = zip(self.block.iters, self.block.bindings, strict=True)
        bindings = {it.var: substitute(b, values) for it, b in bound}
        return [substitute(start, bindings) for start, _ in self.region.bounds]


def overtaking(
    first: Body, second: Body, around: Ranges, buffers: Iterable[Buffer] | None = None
) -> Meeting | None:
    """An iteration of `first` that meets an earlier one of `second`; None if surely none does.

    Args:
        first, second: bodies whose loops count alike, which may be one and the same.
        around: what is known of the variables around both loops.
        buffers: the buffers that are asked about; None: all.
    """
    if same_extent(first.loop.extent, 1) or same_extent(second.loop.extent, 1):
        return None
    wanted = set(buffers) if buffers is not None else None
    unproved: Meeting | None = None
    others = list(_accesses(second.stmt))
    for a in _accesses(first.stmt):
        for b in others:
            if a.region.buffer is not b.region.buffer or not (a.is_write or b.is_write):
                continue
            if wanted is not None and a.region.buffer not in wanted:
                continue
            if _are_apart(a, first.loop, b, second.loop, around):
                continue
            seen = _witness(a, first.loop, b, second.loop, around)
            if seen is not None:
                return seen
            name = a.region.buffer.name
            unproved = unproved or Meeting(
                a.block.name, b.block.name, 1, 0, name, False, a.region.buffer
            )
    return unproved


def _accesses(stmt: Stmt) -> Iterator[_Access]:
    for block, inner in blocks_with_loops(stmt):
        for region in block.writes:
            yield _Access(block, region, inner, True)
        for region in block.reads:
            yield _Access(block, region, inner, False)


def continued(block: Block) -> Buffer | None:
    """A buffer of which `block` reads elements that other instances of it wrote; None if none."""
    read = [r.buffer for r in block.reads]
    return next((w.buffer for w in block.writes if w.buffer in read), None)


# The proof


def _are_apart(a: _Access, of_a: For, b: _Access, of_b: For, around: Ranges) -> bool:
    """Whether `a` in iteration j + 1 + d and `b` in iteration j share no element, whatever d."""
    known = dict(around)
    known[of_b.var] = loop_range(of_b, known)
    distance = Var("d")
    last = loop_range(of_a, known)[1]
    known[distance] = (0, max(last - 1, 0))
    later = of_b.var + 1 + distance
    spans_a = _spans(a, {of_a.var: later}, known)
    spans_b = _spans(b, {}, known)
    pairs = list(zip(spans_a, spans_b, strict=True))
    if any(_disjoint(x, y, known) for x, y in pairs if x is not None and y is not None):
        return True
    whole = [_in_memory(spans, a.region.buffer) for spans in (spans_a, spans_b)]
    return whole[0] is not None and whole[1] is not None and _disjoint(whole[0], whole[1], known)


def _spans(access: _Access, values: dict[Var, Expr], known: Ranges) -> list[Span | None]:
    inside = dict(known)
    for loop in access.inner:
        inside[loop.var] = loop_range(loop, inside)
    local = {loop.var for loop in access.inner}
    starts = access.starts(values)
    bounds = zip(starts, access.region.bounds, strict=True)
    return [span_of(start, extent, local, inside) for start, (_, extent) in bounds]


def _disjoint(a: Span, b: Span, known: Ranges) -> bool:
    apart = a.start.plus(b.start, -1)
    before = apart.plus(linear(as_index(b.extent), {}), -1)
    after = apart.plus(linear(as_index(a.extent), {}))
    return interval_of(before, known)[0] >= 0 or interval_of(after, known)[1] <= 0


def _in_memory(spans: list[Span | None], buffer: Buffer) -> Span | None:
    """The stretch of memory from the first to the last element of a box."""
    start = Linear({}, 0)
    extent: Extent = 1
    for span, stride in zip(spans, buffer.strides(), strict=True):
        if span is None:
            return None
        if isinstance(stride, int):
            start = start.plus(span.start, stride)
        else:
            start = start.plus(linear(fold("*", span.start.expr(), stride), {}))
        extent = extent + (span.extent - 1) * stride
    return Span(start, extent)


# The witness


def _witness(a: _Access, of_a: For, b: _Access, of_b: For, around: Ranges) -> Meeting | None:
    """Two of the first or last iterations that meet, the loops around them at their first."""
    extents = [e for e in (of_a.extent, of_b.extent) if isinstance(e, int)]
    if len(extents) < 2:
        return None
    last = min(extents) - 1
    zero: dict[Var, Expr] = {v: Const(0, INDEX) for v in around}
    tried = dict.fromkeys([(1, 0), (last, last - 1), (last, 0)])
    for later, earlier in [(i, j) for i, j in tried if i > j >= 0]:
        mine = _elements(a, {**zero, of_a.var: Const(later, INDEX)})
        common = mine & _elements(b, {**zero, of_b.var: Const(earlier, INDEX)})
        if common:
            buffer = a.region.buffer
            element = f"{buffer.name}[{', '.join(map(str, min(common)))}]"
            return Meeting(a.block.name, b.block.name, later, earlier, element, True, buffer)
    return None


def _elements(access: _Access, at: dict[Var, Expr]) -> set[tuple[int, ...]]:
    """Some of the elements that an access surely touches with the variables outside `at`."""
    values = [sorted({0, 1, 2, int(o.extent) - 1} & set(range(int(o.extent))))
              if isinstance(o.extent, int) else [0] for o in access.inner]  # fmt: skip
    found: set[tuple[int, ...]] = set()
    for point in islice(product(*values), MOST_POINTS):
        inner = {o.var: Const(v, INDEX) for o, v in zip(access.inner, point, strict=True)}
        here: dict[Var, Expr] = {**at, **inner}
        where = simplify(substitute(access.block.where, here), {})
        starts = [simplify(start, {}) for start in access.starts(here)]
        if isinstance(where, Const) and where.value and all(isinstance(s, Const) for s in starts):
            found.add(tuple(int(s.value) for s in starts if isinstance(s, Const)))
    return found


def is_carried(loop: For, around: Ranges, buffer: Buffer) -> Meeting | None:
    """Two iterations of `loop` that meet at an element of `buffer`; None if surely none do."""
    body = Body(loop, loop.body)
    return overtaking(body, body, around, [buffer])
