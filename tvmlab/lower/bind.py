"""Blocks dissolve: bindings take the place of iteration variables, predicates become branches."""

from __future__ import annotations

from tvmlab.ir.conjuncts import conjuncts, guarded
from tvmlab.ir.program import Block, For, Program, Stmt, Store
from tvmlab.ir.walk import map_children, own_loops, rewrite, substitute_stmt


def bind(program: Program) -> Program:
    """The program without blocks; each store names the block it came from.

    Takes blocks without init, as `initialise` leaves them. The loops inside a block are named
    for it alone, and unlike those around it from now on.
    """
    return program.with_body(_visit(program.body, ()))


def _visit(stmt: Stmt, around: tuple[str, ...]) -> Stmt:
    if isinstance(stmt, Block):
        return _dissolved(stmt, around)
    names = (*around, stmt.var.name) if isinstance(stmt, For) else around
    return map_children(stmt, lambda s: _visit(s, names), lambda e: None)


def _dissolved(block: Block, around: tuple[str, ...]) -> Stmt:
    inside = block.body if isinstance(block.body, Store) else own_loops(block.body, around)
    values = {it.var: b for it, b in zip(block.iters, block.bindings, strict=True)}
    body = rewrite(substitute_stmt(inside, values), lambda s: _name(s, block.name))
    return guarded(conjuncts(block.where), body)


def _name(stmt: Stmt, block: str) -> Stmt | None:
    if isinstance(stmt, Store):
        return Store(stmt.buffer, stmt.indices, stmt.value, block)
    return None
