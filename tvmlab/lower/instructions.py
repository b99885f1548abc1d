"""Instructions that the machine lacks are spelled out as the loops they stand for."""

from __future__ import annotations

import tvmlab.intrin  # noqa: F401, declares the instructions that schedules name
from tvmlab.ir.program import Invoke, Program, Stmt
from tvmlab.ir.walk import rewrite


def spell_out(program: Program) -> Program:
    """The program with the body of every instruction in its place."""

    def on_stmt(s: Stmt) -> Stmt | None:
        return s.body if isinstance(s, Invoke) else None

    return program.with_body(rewrite(program.body, on_stmt))
