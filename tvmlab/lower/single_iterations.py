"""Loops of one iteration are gone: what schedules leave of tiles as large as the whole.

for i in range(1): S   ->   S with i = 0
"""

from __future__ import annotations

from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For, Program, Stmt
from tvmlab.ir.walk import rewrite, substitute_stmt


def skip_single(program: Program) -> Program:
    """The program without plain loops of one iteration."""

    def on_stmt(s: Stmt) -> Stmt | None:
        if not isinstance(s, For) or s.extent != 1 or s.kind not in ("serial", "unrolled"):
            return None
        first: dict[Var, Expr] = {s.var: Const(0, INDEX)}
        return substitute_stmt(s.body, first)

    return program.with_body(rewrite(program.body, on_stmt))
