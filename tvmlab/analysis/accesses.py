"""Every element that a piece of program touches, over the loops around the touching statement.

Blocks are looked into: their variables stand for their bindings, their predicates and the
conditions of `if` and `select` for what must hold where an element is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Const, Expr, Select, Var, binary
from tvmlab.ir.program import (
    TRUE,
    Allocate,
    Barrier,
    Block,
    Commit,
    For,
    If,
    Invoke,
    Let,
    Prefetch,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.walk import operands, substitute


class Limit(NamedTuple):
    """A condition over the loops that comes out as `holds` wherever an element is touched."""

    condition: Expr
    holds: bool


class Access(NamedTuple):
    """The elements of a buffer that one load or store touches.

    Attributes:
        block: the name of the innermost block around it.
        buffer: what is touched.
        indices: where, over the variables of loops alone.
        loops: those inside the statement that was looked at, outermost first.
        limits: what holds where it happens.
        is_write: whether it is a store.
        is_own: whether it is a load of the element that the same statement stores.
        place: when it happens: positions among statements, and loop variables, in turn.
    """

    block: str
    buffer: Buffer
    indices: tuple[Expr, ...]
    loops: tuple[For, ...]
    limits: tuple[Limit, ...]
    is_write: bool
    is_own: bool
    place: tuple[int | Var, ...]


def accesses(stmt: Stmt) -> list[Access]:
    """The accesses of `stmt` and of everything inside it, in order."""
    return list(_in_stmt(stmt, _Context("", {}, (), (), ())))


class _Context(NamedTuple):
    """What surrounds a statement."""

    block: str
    values: Mapping[Var, Expr]
    loops: tuple[For, ...]
    limits: tuple[Limit, ...]
    place: tuple[int | Var, ...]

    def at(self, position: int | Var) -> _Context:
        return self._replace(place=(*self.place, position))

    def where(self, condition: Expr, holds: bool) -> _Context:
        value = substitute(condition, self.values)
        if isinstance(value, Const) and bool(value.value) == holds:
            return self
        return self._replace(limits=(*self.limits, Limit(value, holds)))


def _in_stmt(s: Stmt, around: _Context) -> Iterator[Access]:
    if isinstance(s, For):
        inside = around._replace(loops=(*around.loops, s)).at(s.var)
        yield from _in_stmt(s.body, inside)
    elif isinstance(s, Seq):
        for n, part in enumerate(s.stmts):
            yield from _in_stmt(part, around.at(n))
    elif isinstance(s, If):
        yield from _in_expr(s.condition, around.at(0), None)
        yield from _in_stmt(s.then, around.at(1).where(s.condition, True))
        if s.otherwise is not None:
            yield from _in_stmt(s.otherwise, around.at(2).where(s.condition, False))
    elif isinstance(s, Store):
        target = Load(s.buffer, s.indices)
        for e in (s.value, *s.indices):
            yield from _in_expr(e, around.at(0), target)
        yield _access(target, around.at(1), True, False)
    elif isinstance(s, Let):
        yield from _in_expr(s.value, around.at(0), None)
        yield from _in_stmt(s.body, around.at(1))
    elif isinstance(s, Block):
        yield from _in_block(s, around)
    elif not isinstance(s, (Barrier, Commit, Prefetch)):
        assert isinstance(s, (Allocate, Invoke)), "there are no other statements"
        yield from _in_stmt(s.body, around)


def _in_block(block: Block, around: _Context) -> Iterator[Access]:
    for e in (block.where, *block.bindings):
        yield from _in_expr(e, around.at(0), None)
    bound = {
        it.var: substitute(b, around.values)
        for it, b in zip(block.iters, block.bindings, strict=True)
    }
    inside = around.where(block.where, True)
    inside = inside._replace(block=block.name, values={**around.values, **bound})
    if block.init is not None:
        first: Expr = TRUE
        for it in block.iters:
            if it.is_reduce:
                first = binary("and", first, binary("==", it.var, Const(0, INDEX)))
        yield from _in_stmt(block.init, inside.at(1).where(first, True))
    yield from _in_stmt(block.body, inside.at(2))


def _in_expr(e: Expr, around: _Context, stored: Load | None) -> Iterator[Access]:
    """The loads in an expression; a side of a select is read under its condition."""
    if isinstance(e, Select):
        yield from _in_expr(e.condition, around, stored)
        yield from _in_expr(e.a, around.where(e.condition, True), stored)
        yield from _in_expr(e.b, around.where(e.condition, False), stored)
        return
    for below in operands(e):
        yield from _in_expr(below, around, stored)
    if isinstance(e, Load):
        own = stored is not None and e.buffer is stored.buffer and _alike(e.indices, stored.indices)
        yield _access(e, around, False, own)


def _alike(a: tuple[Expr, ...], b: tuple[Expr, ...]) -> bool:
    return all(same(x, y) for x, y in zip(a, b, strict=True))


def _access(at: Load, around: _Context, is_write: bool, is_own: bool) -> Access:
    indices = tuple([substitute(i, around.values) for i in at.indices])
    return Access(
        around.block,
        at.buffer,
        indices,
        around.loops,
        around.limits,
        is_write,
        is_own,
        around.place,
    )
