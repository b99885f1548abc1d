"""Branches inside loops: where threads go different ways, they still run the same loops.

    if x < 17:                           for k in range(8):
        for k in range(8): S      ->         if x < 17: S

Only in kernels with barriers. Drivers that run the threads of a block on a processor (PoCL 3.0)
keep them together there, and compute garbage, or give up, where some go around a loop.
"""

from __future__ import annotations

from tvmlab.ir.axis import THREAD_AXES, axis_of
from tvmlab.ir.conjuncts import buffers_read
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.kernel import on_kernels
from tvmlab.ir.program import Allocate, Barrier, For, If, Program, Seq, Stmt
from tvmlab.ir.walk import map_children, stmts, variables


def branch_inside_loops(program: Program) -> Program:
    """The program whose kernels with barriers have no loop in a branch that threads differ in."""
    return program.with_body(on_kernels(program.body, lambda s: _in_kernel(s) if _waits(s) else s))


def _waits(stmt: Stmt) -> bool:
    return any(isinstance(s, Barrier) for s in stmts(stmt))


def _in_kernel(kernel: Stmt) -> Stmt:
    threads = {
        s.var for s in stmts(kernel) if isinstance(s, For) and axis_of(s) in THREAD_AXES
    }  # fmt: skip
    return _visit(kernel, threads)


def _visit(stmt: Stmt, threads: set[Var]) -> Stmt:
    stmt = map_children(stmt, lambda s: _visit(s, threads), lambda e: None)
    if not isinstance(stmt, If) or not _differs(stmt, threads):
        return stmt
    if stmt.otherwise is None:
        return _pushed(stmt.condition, stmt.then)
    return Seq([_pushed(stmt.condition, stmt.then), _pushed(~stmt.condition, stmt.otherwise)])


def _differs(branch: If, threads: set[Var]) -> bool:
    """Whether threads may go different ways around a loop, by what no store changes."""
    condition = branch.condition
    has_loop = any(isinstance(s, For) for s in stmts(branch))
    return has_loop and bool(variables(condition) & threads) and not buffers_read(condition)


def _pushed(condition: Expr, stmt: Stmt) -> Stmt:
    """`stmt` where the condition holds, which is asked inside its loops."""
    if isinstance(stmt, Seq):
        return Seq([_pushed(condition, s) for s in stmt.stmts])
    if isinstance(stmt, (For, Allocate)):
        inside = _pushed(condition, stmt.body)
        return stmt.replace(body=inside) if isinstance(stmt, For) else Allocate(stmt.buffer, inside)
    return If(condition, stmt)
