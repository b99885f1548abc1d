"""Loops that write out several iterations a round, as their annotation `unroll` asks.

    for k in range(10, unroll=4): S            for ko in range(2):
                                      ->           for ki in unrolled(4): S with k = ko * 4 + ki
                                               for kr in unrolled(2): S with k = kr + 8

Nothing tests for the end of the loop within a round, and what each iteration keeps in registers
is visible to the others.
"""

from __future__ import annotations

from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For, Program, Seq, Stmt
from tvmlab.ir.walk import map_children, substitute_stmt

UNROLL = "unroll"


def write_rounds(program: Program) -> Program:
    """The program without the annotation `unroll`."""
    return program.with_body(_visit(program.body))


def _visit(stmt: Stmt) -> Stmt:
    stmt = map_children(stmt, _visit, lambda e: None)
    factor = dict(stmt.annotations).get(UNROLL) if isinstance(stmt, For) else None
    if not isinstance(stmt, For) or not isinstance(factor, int):
        return stmt
    assert isinstance(stmt.extent, int), "a loop that is unrolled has a known extent"
    plain = stmt.replace(annotations=tuple(a for a in stmt.annotations if a[0] != UNROLL))
    rounds, rest = divmod(stmt.extent, factor)
    parts: list[Stmt] = []
    if rounds:
        outer = Var(f"{stmt.var.name}o")
        whole = _written_out(plain, f"{stmt.var.name}i", factor, outer * factor)
        parts.append(plain.replace(var=outer, extent=rounds, body=whole))
    if rest:
        first = Const(rounds * factor, INDEX)
        parts.append(_written_out(plain, f"{stmt.var.name}r", rest, first))
    return parts[0] if len(parts) == 1 else Seq(parts)


def _written_out(loop: For, name: str, count: int, first: Expr) -> Stmt:
    """`count` iterations of the loop from `first` on, unrolled."""
    var = Var(name)
    body = substitute_stmt(loop.body, {loop.var: first + var})
    return For(var, count, body, "unrolled")
