"""Blocks dissolve: bindings take the place of iteration variables, predicates become branches."""

from __future__ import annotations

from tvmlab.ir.conjuncts import conjuncts, guarded
from tvmlab.ir.program import Block, Program, Stmt, Store
from tvmlab.ir.walk import rewrite, substitute_stmt


def bind(program: Program) -> Program:
    """The program without blocks; each store names the block it came from.

    Takes blocks without init, as `initialise` leaves them.
    """
    return program.with_body(rewrite(program.body, _dissolve))


def _dissolve(stmt: Stmt) -> Stmt | None:
    if not isinstance(stmt, Block):
        return None
    values = {it.var: b for it, b in zip(stmt.iters, stmt.bindings, strict=True)}
    body = substitute_stmt(stmt.body, values)
    return guarded(conjuncts(stmt.where), rewrite(body, lambda s: _name(s, stmt.name)))


def _name(stmt: Stmt, block: str) -> Stmt | None:
    if isinstance(stmt, Store):
        return Store(stmt.buffer, stmt.indices, stmt.value, block)
    return None
