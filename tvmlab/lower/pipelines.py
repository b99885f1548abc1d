"""Pipelined loops become what fills them, what runs steadily, and what empties them.

    for i in range(8, software_pipeline_stage=[0, 1]):      S(0)
        S(i)                                        ->      for i in range(7):
        T(i)                                                    S(i + 1)
                                                                T(i)
                                                            T(7)

`storage` has given the buffers between stages as many versions as iterations hold them at once.
"""

from __future__ import annotations

from tvmlab.analysis.pipelining import ORDER, STAGE, order_of, stages_of, statements
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For, Program, Seq, Stmt
from tvmlab.ir.walk import map_children, substitute_stmt


def run_in_stages(program: Program) -> Program:
    """The program without pipelined loops. Takes programs without blocks."""
    return program.with_body(_visit(program.body))


def _visit(stmt: Stmt) -> Stmt:
    stmt = map_children(stmt, _visit, lambda e: None)
    stages = stages_of(stmt) if isinstance(stmt, For) else None
    if not isinstance(stmt, For) or stages is None:
        return stmt
    assert isinstance(stmt.extent, int), "a pipelined loop has a known extent"
    parts, order = statements(stmt), order_of(stmt)
    assert len(parts) == len(stages), "the statements of a pipelined loop stay apart"
    extent, last = stmt.extent, max(stages)
    turns = sorted(range(len(parts)), key=order.__getitem__)
    var = Var(stmt.var.name)
    old = stmt.var

    def at(time: int) -> list[Stmt]:
        """What runs at a time, each statement in its iteration."""
        return [
            substitute_stmt(parts[n], {old: Const(time - stages[n], INDEX)})
            for n in turns
            if 0 <= time - stages[n] < extent
        ]

    ahead: list[Expr] = [var + (last - stage) if last - stage else var for stage in stages]
    steady = Seq([substitute_stmt(parts[n], {old: ahead[n]}) for n in turns])
    kept = tuple(a for a in stmt.annotations if a[0] not in (STAGE, ORDER))
    loop = stmt.replace(var=var, extent=extent - last, body=steady, annotations=kept)
    first = [s for time in range(last) for s in at(time)]
    end = [s for time in range(extent, extent + last) for s in at(time)]
    return Seq([*first, loop, *end])
