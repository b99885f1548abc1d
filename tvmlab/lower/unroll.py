"""Unrolled loops beyond reason become serial, so that no schedule can make a build endless."""

from __future__ import annotations

from tvmlab.ir.program import For, Program, Stmt, Store
from tvmlab.ir.walk import map_children, sub_stmts

MOST_STORES = 4096
"""Stores, each of a machine vector or less, that one unrolled nest may become; compiling that many
takes LLVM about a second."""

_LANES = 16


def limit_unrolling(program: Program) -> Program:
    """The program with outer unrolled loops made serial where their nest is too large."""
    return program.with_body(_visit(program.body))


def _visit(stmt: Stmt) -> Stmt:
    if isinstance(stmt, For) and stmt.kind == "unrolled" and _copies(stmt) > MOST_STORES:
        stmt = stmt.replace(kind="serial")
    return map_children(stmt, _visit, lambda e: None)


def _copies(stmt: Stmt) -> int:
    """How many vector stores `stmt` becomes."""
    if isinstance(stmt, Store):
        return -(-max(i.lanes for i in (*stmt.indices, stmt.value)) // _LANES)
    inside = sum(_copies(s) for s in sub_stmts(stmt))
    if isinstance(stmt, For) and stmt.kind == "unrolled" and isinstance(stmt.extent, int):
        return stmt.extent * inside
    return inside
