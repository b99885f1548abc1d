"""Well-formedness: what every program holds after every step.

A program that fails here is a defect of tvmlab, not of its user: steps refuse before that.
"""

from __future__ import annotations

from tvmlab.errors import VerifyError
from tvmlab.ir.expr import Var
from tvmlab.ir.program import LOOP_KINDS, Block, For, Program, Stmt
from tvmlab.ir.walk import exprs_of, sub_stmts, variables


def verify(program: Program) -> None:
    """Check that `program` is well formed.

    Raises:
        VerifyError: naming the first thing that is not.
    """
    seen_blocks: set[str] = set()
    seen_vars: set[Var] = set()

    def visit(stmt: Stmt, scope: frozenset[Var], names: frozenset[str]) -> None:
        for expr in exprs_of(stmt):
            unknown = variables(expr) - scope
            if unknown:
                raise VerifyError(
                    f"program {program.name}: {next(iter(unknown))} is used outside its loop."
                )
        if isinstance(stmt, For):
            if stmt.kind not in LOOP_KINDS:
                raise VerifyError(f"loop {stmt.var.name} is of the unknown kind {stmt.kind!r}.")
            if isinstance(stmt.extent, int) and stmt.extent < 1:
                raise VerifyError(f"loop {stmt.var.name} has the extent {stmt.extent}.")
            if stmt.var.name in names or stmt.var in seen_vars:
                raise VerifyError(f"two loops on one path are named {stmt.var.name}.")
            seen_vars.add(stmt.var)
            scope, names = scope | {stmt.var}, names | {stmt.var.name}
        if isinstance(stmt, Block):
            if stmt.name in seen_blocks:
                raise VerifyError(f"two blocks are named {stmt.name}.")
            seen_blocks.add(stmt.name)
            if len(stmt.iters) != len(stmt.bindings):
                raise VerifyError(f"block {stmt.name} has not one binding for each variable.")
            scope = frozenset(it.var for it in stmt.iters)
        for below in sub_stmts(stmt):
            visit(below, scope, names)

    visit(program.body, frozenset(), frozenset())
