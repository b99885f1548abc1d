"""Which elements of a buffer a nest touches: a tile of constant shape at a fixed place, or not.

Inside a loop, an index is taken apart into a part that stays, and an offset that depends only on
unrolled loops and lanes. If all accesses to a buffer share the part that stays, they touch a tile
whose elements can be machine registers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from tvmlab.arith.linear import Atom, Linear
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Ramp, Var
from tvmlab.ir.program import For, Let, Stmt, Store
from tvmlab.ir.walk import exprs, exprs_of, rewrite, stmts, variables

MOST_ELEMENTS = 8192
"""Elements of a tile beyond which registers are out of the question."""


@dataclass(frozen=True)
class Access:
    """One access, taken apart, dimension by dimension.

    Attributes:
        fixed: what stays, as a key.
        offsets: the rest, linear in unrolled variables.
        lanes: lanes of the index in that dimension.
    """

    fixed: Hashable
    offsets: tuple[Linear, ...]
    lanes: tuple[int, ...]


@dataclass(frozen=True)
class Tile:
    """The elements that a nest touches: `extents` of them from `start` after the fixed part."""

    start: tuple[int, ...]
    extents: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents that are not 1, or a single 1."""
        return tuple(e for e in self.extents if e > 1) or (1,)

    def indices(self, access: Access) -> tuple[Expr, ...]:
        """Where an access stands in an array of that shape."""
        result: list[Expr] = []
        for offset, first, lanes, extent in zip(
            access.offsets, self.start, access.lanes, self.extents, strict=True
        ):
            place = Linear(offset.terms, offset.constant - first).expr()
            if extent > 1:
                result.append(place if lanes == 1 else Ramp(place, lanes))
        return tuple(result) or (Const(0, INDEX),)


def accesses(stmt: Stmt, buffer: Buffer) -> Iterator[tuple[Expr, ...]]:
    """The indices of every load and store of `buffer` in `stmt`."""
    for s in stmts(stmt):
        if isinstance(s, Store) and s.buffer is buffer:
            yield s.indices
        for e in exprs_of(s):
            for x in exprs(e):
                if isinstance(x, Load) and x.buffer is buffer:
                    yield x.indices


def unrolled_extents(stmt: Stmt) -> dict[Var, int]:
    """The unrolled loops in `stmt`; of a tile and its tail, which share a variable, the tile's."""
    extents: dict[Var, int] = {}
    for s in stmts(stmt):
        if isinstance(s, For) and s.kind == "unrolled" and isinstance(s.extent, int):
            extents[s.var] = max(s.extent, extents.get(s.var, 0))
    return extents


def moving_variables(stmt: Stmt) -> set[Var]:
    """The variables of the loops in `stmt` that are not unrolled, and of its named values."""
    return {
        s.var
        for s in stmts(stmt)
        if isinstance(s, Let) or (isinstance(s, For) and s.kind != "unrolled")
    }


def take_apart(
    indices: tuple[Expr, ...], unrolled: Mapping[Var, int], moving: set[Var]
) -> Access | None:
    """An access as fixed part and offset; None if it depends on a loop that is not unrolled."""
    fixed: list[Hashable] = []
    offsets: list[Linear] = []
    for index in indices:
        base = index.base if isinstance(index, Ramp) else index
        if base.lanes > 1 or variables(base) & moving:
            return None
        total = linear(base, {})
        inner: dict[Atom, int] = {
            a: c for a, c in total.terms.items() if isinstance(a, Var) and a in unrolled
        }
        rest = Linear({a: c for a, c in total.terms.items() if a not in inner}, 0)
        if variables(rest.expr()) & unrolled.keys():
            return None
        fixed.append(rest.key())
        offsets.append(Linear(inner, total.constant))
    return Access(tuple(fixed), tuple(offsets), tuple(i.lanes for i in indices))


def tile_of(found: list[Access], unrolled: Mapping[Var, int]) -> Tile | None:
    """The tile that all accesses lie in; None if they do not line up."""
    first = found[0]
    ranges = {v: (0, extent - 1) for v, extent in unrolled.items()}
    start: list[int] = []
    extents: list[int] = []
    size = 1
    for dimension, lanes in enumerate(first.lanes):
        bounds = [a.offsets[dimension].interval(ranges) for a in found]
        low, high = int(min(b[0] for b in bounds)), int(max(b[1] for b in bounds))
        start.append(low)
        extents.append(high - low + lanes)
        size *= extents[-1]
        if lanes > 1 and not all(_is_aligned(a.offsets[dimension], low, lanes) for a in found):
            return None
    if any(a.fixed != first.fixed or a.lanes != first.lanes for a in found):
        return None
    return Tile(tuple(start), tuple(extents)) if size <= MOST_ELEMENTS else None


def _is_aligned(offset: Linear, low: int, lanes: int) -> bool:
    """Whether vectors of `lanes` at this offset overlap wholly or not at all."""
    return (offset.constant - low) % lanes == 0 and all(
        c % lanes == 0 for c in offset.terms.values()
    )


def in_tile(
    stmt: Stmt,
    buffer: Buffer,
    registers: Buffer,
    tile: Tile,
    *,
    loads_too: bool = True,
    stores_too: bool = True,
) -> Stmt:
    """`stmt` with the buffer's accesses turned into accesses to the tile."""
    unrolled = unrolled_extents(stmt)

    def place(indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
        access = take_apart(indices, unrolled, set())
        assert access is not None, "the access was taken apart before"
        return tile.indices(access)

    def on_expr(e: Expr) -> Expr | None:
        if loads_too and isinstance(e, Load) and e.buffer is buffer:
            return Load(registers, place(e.indices))
        return None

    def on_stmt(s: Stmt) -> Stmt | None:
        if stores_too and isinstance(s, Store) and s.buffer is buffer:
            return Store(registers, place(s.indices), s.value, s.source)
        return None

    return rewrite(stmt, on_stmt, on_expr)
