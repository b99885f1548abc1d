"""What a block computes and touches, whatever loops are around it: read once, kept by identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Expr
from tvmlab.ir.program import Block, For, Invoke, Let, Region, Stmt, Store
from tvmlab.ir.walk import exprs, stmts, sub_stmts
from tvmlab.tune.features.operations import Operations, operations

Index = Linear | None
"""An index over a block's iteration variables; None where it is data."""


class Touch(NamedTuple):
    """An element of a buffer that a store writes, or reads for it."""

    buffer: Buffer
    is_write: bool
    indices: tuple[Index, ...]


class StoreFacts(NamedTuple):
    """One store: the operations it takes, and what it touches in the order of its expression."""

    operations: Operations
    touches: tuple[Touch, ...]


Regions = tuple[tuple[Buffer, tuple[tuple[Index, object], ...]], ...]
"""Buffers, each with the first index and the extent of every dimension."""


class BlockFacts(NamedTuple):
    """A block's stores, and the regions it reads and writes."""

    stores: tuple[StoreFacts, ...]
    reads: Regions
    writes: Regions


@lru_cache(maxsize=4096)
def facts_of(block: Block) -> BlockFacts | None:
    """The facts of a block; None where it has loops or an instruction inside."""
    if any(isinstance(s, (For, Block, Invoke)) for s in stmts(block.body)):
        return None
    return BlockFacts(tuple(_stores(block.body, ())), _regions(block.reads), _regions(block.writes))


def _regions(regions: Iterable[Region]) -> Regions:
    return tuple(
        (r.buffer, tuple((_index(start), extent) for start, extent in r.bounds)) for r in regions
    )


def _stores(stmt: Stmt, named: tuple[Expr, ...]) -> Iterator[StoreFacts]:
    """The stores of a statement; values of Lets count with the first store below them."""
    if isinstance(stmt, Store):
        values = (*named, stmt.value)
        read = [
            Touch(e.buffer, False, tuple(map(_index, e.indices)))
            for value in values
            for e in exprs(value)
            if isinstance(e, Load)
        ]
        written = Touch(stmt.buffer, True, tuple(map(_index, stmt.indices)))
        yield StoreFacts(operations(values), (written, *read))
        return
    if isinstance(stmt, Let):
        named = (*named, stmt.value)
    for below in sub_stmts(stmt):
        yield from _stores(below, named)
        named = ()


def _index(index: Expr) -> Index:
    if any(isinstance(e, Load) for e in exprs(index)):
        return None
    return linear(index, {})
