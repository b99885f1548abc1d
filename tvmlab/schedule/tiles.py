"""A block whose instances are whole tiles of another's: the loops inside become its body.

    for yo: for xo: for k: for yi: for xi:       for yo: for xo:
        with block(vy=yo * 8 + yi, ...)     ->       with block(vy=yo, vx=xo):
            C[vy, vx] = ...                              for k: for yi: for xi:
                                                             C[vy * 8 + yi, vx * 8 + xi] = ...

So what is between single elements and whole nests has a name and regions of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from tvmlab.analysis.regions import Span, excess, iteration_ranges, simplified, tile_region
from tvmlab.arith import Interval
from tvmlab.arith.linear import Atom, Linear, atom_expr, divide
from tvmlab.arith.simplify import linear, loop_range, simplify_stmt
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.fold import results_of
from tvmlab.ir.program import Block, For, Invoke, Iter, Region, Stmt
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import own_loops, substitute, substitute_stmt, variables

WITHIN = ("serial", "unrolled", "vectorized")
"""The kinds of loops that may be inside a block."""


@dataclass(frozen=True)
class Untiled:
    """Why the loops inside do not visit whole tiles, and what would help.

    Attributes:
        loop: the name of the loop at fault; empty if it is not one of them.
    """

    loop: str
    why: str
    instead: str


@dataclass(frozen=True)
class _Part:
    """One variable of the block: `size` of its values are visited by one tile.

    Attributes:
        iter: the variable that numbers tiles.
        binding: what it is bound to.
        inner: the value counted from the tile's first, over the loops inside.
    """

    iter: Iter
    binding: Expr
    size: int
    inner: Linear

    @property
    def start(self) -> Expr:
        """The first value of a tile."""
        return self.iter.var * Const(self.size, INDEX) if self.size > 1 else self.iter.var


def inner_loops(loop: For, block: Block) -> tuple[For, ...] | Untiled:
    """The loops from `loop` down to `block`, if nothing else is in them."""
    found: list[For] = []
    stmt: Stmt = loop
    while isinstance(stmt, For):
        found.append(stmt)
        if stmt.kind not in WITHIN:
            return Untiled(
                stmt.var.name,
                f"a {stmt.kind} loop cannot be inside a block",
                "tile first, then annotate a loop outside the tiles",
            )
        stmt = stmt.body
    if stmt is block:
        return tuple(found)
    return Untiled(
        found[-1].var.name,
        "other statements stand beside the block",
        "do it before they move into these loops",
    )


def tiled(block: Block, inner: Sequence[For]) -> Block | Untiled:
    """`block`, around which stand the loops `inner`, as a block over whole tiles."""
    local = {loop.var: loop for loop in inner}
    cut = next((v for v in variables(block.where) if v in local), None)
    if cut is not None:
        return Untiled(
            cut.name,
            "a predicate cuts tiles short at the edge",
            "split by factors that divide the extents",
        )
    parts: dict[Var, _Part] = {}
    for it, binding in zip(block.iters, block.bindings, strict=True):
        part = _part(it, binding, local)
        if part is None:
            return Untiled(
                next((v.name for v in local if v in variables(binding)), ""),
                f"the values of {it.var.name} inside are no whole tile that others stand beside",
                "split every loop by its tile's extent and keep the inner ones together",
            )
        parts[it.var] = part
    return _repeated(parts.values(), inner) or _over_tiles(block, parts, inner)


def _part(it: Iter, binding: Expr, local: Mapping[Var, For]) -> _Part | None:
    """The tile of one variable; None where its values inside are not `size` in a row."""
    total = linear(binding, {})
    inner: dict[Atom, int] = {
        a: c for a, c in total.terms.items() if isinstance(a, Var) and a in local
    }
    outer = Linear({a: c for a, c in total.terms.items() if a not in inner}, total.constant)
    if any(variables(atom_expr(a)) & local.keys() for a in outer.terms):
        return None
    size = in_a_row(inner, {v: loop.extent for v, loop in local.items()})
    if size == 1:
        start = outer.expr() if inner else binding
        return _Part(Iter(Var(it.var.name), it.extent, it.kind), start, 1, Linear(inner, 0))
    if size is None:
        return None
    count = simplified(it.extent // size)
    if excess(count * size, it.extent) != (0, 0):
        return None
    if any(c % size for c in (*outer.terms.values(), outer.constant)):
        return None
    first = Linear({a: c // size for a, c in outer.terms.items()}, outer.constant // size)
    tile = Iter(Var(it.var.name), count, it.kind)
    return _Part(tile, first.expr(), size, Linear(inner, 0))


def in_a_row(terms: Mapping[Atom, int], extents: Mapping[Var, object], size: int = 1) -> int | None:
    """How many values a sum of loop variables takes, if they are 0, 1, 2, ... each met once.

    With `size`, stretches of that many values stand beside each other.
    """
    for atom, coefficient in sorted(terms.items(), key=lambda t: t[1]):
        extent = extents.get(atom) if isinstance(atom, Var) else None
        if coefficient != size or not isinstance(extent, int):
            return None
        size *= extent
    return size


def _repeated(parts: Iterable[_Part], inner: Sequence[For]) -> Untiled | None:
    """The refusal where a loop inside does not reach just one variable of the block."""
    for loop in inner:
        reached = sum(loop.var in part.inner.terms for part in parts)
        if reached != 1 and not same_extent(loop.extent, 1):
            why = "computes the same elements again" if not reached else "moves along a diagonal"
            return Untiled(
                loop.var.name,
                f"each iteration of {loop.var.name} {why}",
                f"choose a loop inside {loop.var.name}",
            )
    return None


def _over_tiles(block: Block, parts: Mapping[Var, _Part], inner: Sequence[For]) -> Block | Untiled:
    iters = [part.iter for part in parts.values()]
    known = {**iteration_ranges(iters), **{o.var: loop_range(o, {}) for o in inner}}
    values = {v: part.start + part.inner.expr() for v, part in parts.items()}
    scattered = next((w for w in block.writes if not _is_box(w, values, inner, known)), None)
    if scattered is not None:
        return Untiled(
            inner[0].var.name,
            f"what the loops inside write of {scattered.buffer.name} is no box",
            "choose a loop further in",
        )
    init = block.init
    if init is not None:
        spatial = [
            loop
            for loop in inner
            if not any(loop.var in p.inner.terms and p.iter.is_reduce for p in parts.values())
        ]
        init = own_loops(_nest(substitute_stmt(init, values), spatial))
    local = {loop.var for loop in inner}
    tiles = Block(
        block.name,
        iters,
        [part.binding for part in parts.values()],
        block.where,
        [tile_region(r, values, local, known) for r in block.reads],
        [tile_region(w, values, local, known) for w in block.writes],
        init,
        _nest(substitute_stmt(block.body, values), inner),
    )
    simplest = simplify_stmt(tiles)
    assert isinstance(simplest, Block)
    return simplest


def _is_box(
    region: Region,
    values: Mapping[Var, Expr],
    inner: Sequence[For],
    known: Mapping[Var, Interval],
) -> bool:
    """Whether the loops inside visit every element of a box, and nothing else."""
    extents = {loop.var: loop.extent for loop in inner}
    for start, extent in region.bounds:
        total = linear(substitute(start, values), known)
        local = {a: c for a, c in total.terms.items() if variables(atom_expr(a)) & extents.keys()}
        if not isinstance(extent, int) or in_a_row(local, extents, extent) is None:
            return False
    return True


def _nest(body: Stmt, loops: Sequence[For]) -> Stmt:
    for loop in reversed(loops):
        body = loop.replace(body=body)
    return body


def body_nest(block: Block) -> tuple[tuple[For, ...], Stmt]:
    """The loops that a block's body begins with, and what is inside them."""
    loops: list[For] = []
    stmt = block.body
    while isinstance(stmt, For):
        loops.append(stmt)
        stmt = stmt.body
    return tuple(loops), stmt


Tile = tuple[Var | None, int]
"""In one dimension: the variable that numbers tiles, None where there is one only; their extent."""


def stored_tiles(block: Block) -> tuple[Tile, ...] | None:
    """The tiles that the instances of a block write side by side, dimension by dimension.

    Single elements are tiles as well. None where the block's results are not all written alike,
    or two instances may write one element.
    """
    forms = {_tile_of(region, block) for region in _written(block)}
    if len(forms) != 1 or None in forms:
        return None
    (tile,) = forms
    assert tile is not None
    numbered = [v for v, _ in tile if v is not None]
    spatial = {it.var: it.extent for it in block.iters if not it.is_reduce}
    needed = {v for v, extent in spatial.items() if extent != 1}
    is_apart = len(set(numbered)) == len(numbered) and needed <= set(numbered) <= spatial.keys()
    return tile if is_apart else None


def _written(block: Block) -> list[Region]:
    """What a block writes: its stores' elements, or the regions of a block of tiles."""
    if isinstance(block.body, (For, Invoke)):
        return list(block.writes)
    return [Region(s.buffer, [(i, 1) for i in s.indices]) for s in results_of(block.body)]


def _tile_of(region: Region, block: Block) -> tuple[Tile, ...] | None:
    tile: list[Tile] = []
    for start, extent in region.bounds:
        total = linear(start, iteration_ranges(block.iters))
        if not isinstance(extent, int) or total.constant or len(total.terms) > 1:
            return None
        for atom, coefficient in total.terms.items():
            if not isinstance(atom, Var) or coefficient != extent:
                return None
            tile.append((atom, extent))
        if not total.terms:
            tile.append((None, extent))
    return tuple(tile)


def tiles_over(span: Span | None, size: int, ranges: Mapping[Var, Interval]) -> Span | None:
    """The tiles of `size` elements that hold those of `span`; None for all there are."""
    if span is None or size == 1:
        return span
    first, rest = divide(span.start, size, ranges)
    high = rest.interval(ranges)[1]
    if not isinstance(span.extent, int) or high == inf:
        return None
    return Span(first, (int(high) + span.extent - 1) // size + 1)
