"""Instructions that the machine lacks are spelled out as the loops they stand for."""

from __future__ import annotations

from collections.abc import Collection

import tvmlab.intrin  # noqa: F401, declares the instructions that schedules name
from tvmlab.ir.program import Invoke, Program, Stmt
from tvmlab.ir.walk import rewrite


def spell_out(program: Program) -> Program:
    """The program with the body of every instruction in its place."""
    return spell_out_but(program, ())


def spell_out_but(program: Program, known: Collection[str]) -> Program:
    """The program with the body of every instruction in its place that is not `known`."""

    def on_stmt(s: Stmt) -> Stmt | None:
        return s.body if isinstance(s, Invoke) and s.name not in known else None

    return program.with_body(rewrite(program.body, on_stmt))
