"""What a block computes and touches, whatever loops are around it: read once, kept by identity."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from tvmlab.arith.linear import Atom, Linear, Quotient
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Invoke, Let, Region, Stmt, Store
from tvmlab.ir.walk import exprs, stmts, sub_stmts
from tvmlab.schedule.tiles import Tile, stored_tiles
from tvmlab.tune.features.drafts.scaffold import NotDrafted
from tvmlab.tune.features.operations import Operations, operations

Index = Linear | Expr | None
"""An index over a block's iteration variables: a sum of them, and of quotients and remainders of
single ones; any other expression as it is; None where it is data."""


class Touch(NamedTuple):
    """An element of a buffer that a store reads, writes, or both."""

    buffer: Buffer
    is_read: bool
    is_write: bool
    indices: tuple[Index, ...]


class StoreFacts(NamedTuple):
    """One store: the operations it takes, and what it touches in the order of its expression."""

    operations: Operations
    touches: tuple[Touch, ...]


Regions = tuple[tuple[Buffer, tuple[tuple[Index, object], ...]], ...]
"""Buffers, each with the first index and the extent of every dimension."""


class BlockFacts(NamedTuple):
    """A block's stores, the regions it reads and writes, and the tiles that it stores, if those
    stand side by side."""

    stores: tuple[StoreFacts, ...]
    reads: Regions
    writes: Regions
    tiles: tuple[Tile, ...] | None


@lru_cache(maxsize=4096)
def facts_of(block: Block) -> BlockFacts | None:
    """The facts of a block; None where it has loops or an instruction inside."""
    if any(isinstance(s, (For, Block, Invoke)) for s in stmts(block.body)):
        return None
    met: Met = {}
    stores = tuple(_stores(block.body, (), met))
    regions = (_regions(block.reads, met), _regions(block.writes, met))
    return BlockFacts(stores, *regions, stored_tiles(block))


def facts_in(block: Block) -> BlockFacts:
    """The facts of a block.

    Raises:
        NotDrafted: it has loops or an instruction inside.
    """
    found = facts_of(block)
    if found is None:
        raise NotDrafted(f"{block.name} has loops inside.")
    return found


Met = dict[Hashable, Linear]
"""Indices met in a block, by what they are: one object for those that are alike."""


def _regions(regions: Iterable[Region], met: Met) -> Regions:
    return tuple(
        (r.buffer, tuple((_index(start, met), extent) for start, extent in r.bounds))
        for r in regions
    )


def _stores(stmt: Stmt, named: tuple[Expr, ...], met: Met) -> Iterator[StoreFacts]:
    """The stores of a statement; values of Lets count with the first store below them."""
    if isinstance(stmt, Store):
        values = (*named, stmt.value)
        written = Touch(stmt.buffer, False, True, _indices(stmt.indices, met))
        read = [
            Touch(e.buffer, True, False, _indices(e.indices, met))
            for value in values
            for e in exprs(value)
            if isinstance(e, Load)
        ]
        yield StoreFacts(operations(values), _joined([written, *read]))
        return
    if isinstance(stmt, Let):
        named = (*named, stmt.value)
    for below in sub_stmts(stmt):
        yield from _stores(below, named, met)
        named = ()


def _joined(touches: Iterable[Touch]) -> tuple[Touch, ...]:
    """Each element once, as it was met first."""
    found: dict[Hashable, Touch] = {}
    for touch in touches:
        key = (touch.buffer, *map(id, touch.indices))
        known = found.get(key, touch)
        is_read, is_write = known.is_read or touch.is_read, known.is_write or touch.is_write
        found[key] = known._replace(is_read=is_read, is_write=is_write)
    return tuple(found.values())


def _indices(indices: Iterable[Expr], met: Met) -> tuple[Index, ...]:
    return tuple([_index(index, met) for index in indices])


def _index(index: Expr, met: Met) -> Index:
    if any(isinstance(e, Load) for e in exprs(index)):
        return None
    total = linear(index, {})
    if not all(map(_is_simple, total.terms)):
        return index
    return met.setdefault(total.key(), total)


def _is_simple(atom: Atom) -> bool:
    """Whether what an atom is over loops follows from what its one variable is."""
    if isinstance(atom, Quotient) and atom.total.constant == 0 and len(atom.total.terms) == 1:
        ((inner, coefficient),) = atom.total.terms.items()
        return isinstance(inner, Var) and coefficient == 1
    return isinstance(atom, Var)
