"""Loops distributed over their statements: each part of a body in a loop of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.analysis.conflicts import Conflict, Unknown, overtaking
from tvmlab.analysis.repetition import settled_buffers
from tvmlab.ir.expr import Var
from tvmlab.ir.program import For, Program, Seq, Stmt
from tvmlab.ir.walk import blocks, substitute_stmt


class Inseparable(Exception):
    """Parts of a loop's body that must stay together: one would overtake the other."""

    def __init__(self, loop: For, found: Conflict | Unknown) -> None:
        super().__init__(places_changed(found, loop.var.name, loop.var.name))
        self.loop = loop


def places_changed(found: Conflict | Unknown, early: str, late: str) -> str:
    """That what a loop `late` does in a later iteration would come before `early`, in words."""
    if isinstance(found, Unknown):
        return (
            f"cannot prove that {found.other} may run before {found.block}: both touch "
            f"{found.buffer}"
        )
    return (
        f"{found.other} in {late}={found.second[0]} would run before {found.block} in "
        f"{early}={found.first[0]}, and both touch {found.element}"
    )


def parts_of(stmt: Stmt) -> tuple[Stmt, ...]:
    """The statements that `stmt` is in a row."""
    return stmt.stmts if isinstance(stmt, Seq) else (stmt,)


def in_a_row(parts: Sequence[Stmt]) -> Stmt:
    """The statements as one, those of rows inside it in the same row."""
    flat = [s for part in parts for s in parts_of(part)]
    return flat[0] if len(flat) == 1 else Seq(flat)


def copy_of(loop: For, body: Stmt) -> For:
    """The loop around another body that now refers to it, with a variable of its own."""
    var = Var(loop.var.name)
    return loop.replace(var=var, body=substitute_stmt(body, {loop.var: var}))


def separate(program: Program, loop: For, parts: Sequence[Stmt], keep: int = 0) -> list[For]:
    """Loops in a row, one for each of `parts`, the row of statements that `loop` holds.

    That of part `keep` has the loop's own variable, the others one of their own.

    Raises:
        Inseparable: with two iterations that would change places.
    """
    settled = settled_buffers(program, loop)
    for n in range(1, len(parts)):
        done = in_a_row(parts[:n])
        # What the later part finds may have been written again: to the same value.
        written = {w.buffer for b in blocks(done) for w in b.writes} & settled
        found = overtaking(program, parts[n], loop, done, loop, written.__contains__)
        if found is not None:
            raise Inseparable(loop, found)
    return [
        loop.replace(body=part) if n == keep else copy_of(loop, part)
        for n, part in enumerate(parts)
    ]


def isolate(program: Program, path: Sequence[For]) -> tuple[list[Stmt], For, list[Stmt]]:
    """The nest of the loops `path`, each inside the one before, with nothing beside any of them.

    Returns:
        what then stands before the nest, the nest, and what stands after it.

    Raises:
        Inseparable: a loop cannot be distributed over its statements.
    """
    loop, *inside = path
    if not inside:
        return [], loop, []
    before, nest, after = isolate(program, inside)
    parts = parts_of(loop.body)
    place = next(n for n, part in enumerate(parts) if part is inside[0])
    earlier, later = [*parts[:place], *before], [*after, *parts[place + 1 :]]
    rows = [in_a_row(row) for row in (earlier, [nest], later) if row]
    keep = 1 if earlier else 0
    made = separate(program, loop, rows, keep)
    return list(made[:keep]), made[keep], list(made[keep + 1 :])
