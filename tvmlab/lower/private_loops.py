"""Short loops over what a thread keeps are written out, so that every index of it is a number.

    for i in range(2):                        for i in unrolled(2):
        Y[x * 2 + i] = T[i]            ->         Y[x * 2 + i] = T[i]

Registers have no addresses: an array of a thread lies in them if each of its indices is known when
the kernel is compiled, and else in memory.
"""

from __future__ import annotations

from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import For, Program, Stmt, Store
from tvmlab.ir.walk import exprs, exprs_of, rewrite, stmts, variables
from tvmlab.lower.storage import PRIVATE

LONGEST = 16
"""Iterations of a loop that is written out unasked."""


def write_out_private(program: Program) -> Program:
    """The program whose short loops that index private intermediates are unrolled."""
    moving: set[Var] = set()
    for s in stmts(program.body):
        for indices in _private_indices(s):
            moving |= {v for i in indices for v in variables(i)}

    def on_stmt(s: Stmt) -> Stmt | None:
        is_short = isinstance(s, For) and isinstance(s.extent, int) and s.extent <= LONGEST
        if not isinstance(s, For) or not is_short or s.kind != "serial" or s.var not in moving:
            return None
        return s.replace(kind="unrolled")

    return program.with_body(rewrite(program.body, on_stmt))


def _private_indices(s: Stmt) -> list[tuple[Expr, ...]]:
    """The indices of private intermediates in a statement, what is inside it apart."""
    found = [e.indices for x in exprs_of(s) for e in exprs(x)
             if isinstance(e, Load) and e.buffer.scope in PRIVATE]  # fmt: skip
    if isinstance(s, Store) and s.buffer.scope in PRIVATE:
        found.append(s.indices)
    return found
