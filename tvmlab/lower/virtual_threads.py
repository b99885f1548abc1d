"""Virtual threads interleave: their loop moves in around single statements, written out.

    for v in bound(2, thread="vthread"):                    for k in range(8):
        for k in range(8):                                      for v in unrolled(2): S(v, k)
            S(v, k)                                 ->          for v in unrolled(2): T(v, k)
            T(v, k)

So a processor that waits for one thread's load has the other's arithmetic to do. `storage` has
given each thread its own of what an iteration keeps. As TVM's InjectVirtualThread.
"""

from __future__ import annotations

from tvmlab.ir.axis import VIRTUAL_AXES, axis_of
from tvmlab.ir.conjuncts import buffers_read
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import LANES, For, If, Program, Seq, Stmt
from tvmlab.ir.walk import exprs_of, map_children, stmts, substitute_stmt, variables


def interleave(program: Program) -> Program:
    """The program without loops bound to virtual threads. Takes programs without blocks."""
    return program.with_body(_visit(program.body))


def _visit(stmt: Stmt) -> Stmt:
    stmt = map_children(stmt, _visit, lambda e: None)
    if isinstance(stmt, For) and axis_of(stmt) in VIRTUAL_AXES:
        return _inwards(stmt.body, stmt.replace(kind="unrolled", annotations=()))
    return stmt


def _inwards(stmt: Stmt, threads: For) -> Stmt:
    """`stmt` of all threads, with their loop as far in as their order may be exchanged."""
    if isinstance(stmt, Seq):
        return Seq([_inwards(s, threads) for s in stmt.stmts])
    if isinstance(stmt, For) and stmt.kind not in LANES and not _uses(stmt, threads.var):
        return stmt.replace(body=_inwards(stmt.body, threads))
    if isinstance(stmt, If) and not _uses(stmt, threads.var) and not buffers_read(stmt.condition):
        otherwise = None if stmt.otherwise is None else _inwards(stmt.otherwise, threads)
        return If(stmt.condition, _inwards(stmt.then, threads), otherwise)
    if not any(_uses(s, threads.var) for s in stmts(stmt)):
        return stmt  # the same for all of them
    var = Var(threads.var.name)
    new: dict[Var, Expr] = {threads.var: var}
    return threads.replace(var=var, body=substitute_stmt(stmt, new))


def _uses(stmt: Stmt, var: Var) -> bool:
    """Whether the statement itself, what is inside it apart, depends on a variable."""
    return any(var in variables(e) for e in exprs_of(stmt))
