"""Finding blocks and loops by name, and exchanging statements in a program.

A loop is known by a block below it and its own name: names are unique along the path from the
root to a block, and survive every step that does not consume the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tvmlab.analysis.regions import Box, touched
from tvmlab.arith import Interval, simplify
from tvmlab.arith.simplify import loop_range
from tvmlab.errors import UsageError
from tvmlab.ir.expr import Expr, Var, binary
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.program import Block, For, Program, Seq, Stmt
from tvmlab.ir.shapes import sizes_of
from tvmlab.ir.walk import (
    blocks_with_loops,
    map_children,
    nests,
    stmts,
    substitute,
)


@dataclass(frozen=True)
class Site:
    """A block and the loops around it, outermost first."""

    block: Block
    loops: tuple[For, ...]

    def loop(self, name: str) -> For | None:
        """The loop of that name around the block."""
        return next((loop for loop in self.loops if loop.var.name == name), None)

    def names(self) -> list[str]:
        """The names of the loops, outermost first."""
        return [loop.var.name for loop in self.loops]


@lru_cache(maxsize=64)
def sites(program: Program) -> tuple[Site, ...]:
    """Every block with its loops, in order. Kept: a step and the rules ask often about one."""
    return tuple(site for nest in nests(program.body) for site in _sites(nest))


@kept_with_statement
def _sites(nest: Stmt) -> tuple[Site, ...]:
    return tuple(Site(block, loops) for block, loops in blocks_with_loops(nest))


def find_site(program: Program, block: str) -> Site | None:
    """The block of that name with its loops."""
    return next((s for s in sites(program) if s.block.name == block), None)


def exchange(program: Program, old: Stmt, new: Stmt) -> Program:
    """`program` with the statement `old` (told by identity) exchanged for `new`.

    Where both stand in a row, the statements of `new` join that row.
    """

    def visit(stmt: Stmt) -> Stmt:
        if stmt is old:
            return new
        if isinstance(stmt, Seq) and isinstance(new, Seq) and old in stmt.stmts:
            place = stmt.stmts.index(old)
            return Seq((*stmt.stmts[:place], *new.stmts, *stmt.stmts[place + 1 :]))
        return stmt if isinstance(stmt, Block) else map_children(stmt, visit, _keep)

    return program.with_body(visit(program.body))


def _keep(expr: Expr) -> None:
    """The rewrite that changes no expression."""


def names_on_paths(program: Program, loop: For) -> set[str]:
    """The loop names on every path that passes through `loop`, its own left out, and sizes'."""
    names = {
        other.var.name
        for site in sites(program)
        if loop in site.loops
        for other in site.loops
        if other is not loop
    }
    return names | {size.name for size in sizes_of(program)}


def rebind(
    stmt: Stmt, values: Mapping[Var, Expr], where: Expr | None, ranges: Mapping[Var, Interval]
) -> Stmt:
    """`stmt` with loop variables replaced in the bindings and predicates of its blocks.

    Args:
        stmt: the statement below the loops that change.
        values: the old variables' values over the new ones.
        where: a further condition under which the blocks act.
        ranges: what is known of the variables around `stmt`; those of its loops are added.
    """
    known = dict(ranges)
    for s in stmts(stmt):
        if isinstance(s, For):
            known[s.var] = loop_range(s, known)

    def visit(s: Stmt) -> Stmt:
        if not isinstance(s, Block):
            return map_children(s, visit, _keep)
        predicate = substitute(s.where, values)
        if where is not None:
            predicate = binary("and", predicate, where)
        bindings = [simplify(substitute(b, values), known) for b in s.bindings]
        return s.replace(bindings=tuple(bindings), where=simplify(predicate, known))

    return visit(stmt)


def ranges_of(loops: Iterable[For]) -> dict[Var, Interval]:
    """The values that the variables of `loops` take."""
    known: dict[Var, Interval] = {}
    for loop in loops:
        known[loop.var] = loop_range(loop, known)
    return known


def remove(program: Program, block: Block) -> Stmt:
    """The body of `program` without `block` and the loops that only it filled."""

    def visit(stmt: Stmt) -> Stmt | None:
        if stmt is block:
            return None
        if isinstance(stmt, For):
            body = visit(stmt.body)
            return None if body is None else stmt if body is stmt.body else stmt.replace(body=body)
        if isinstance(stmt, Seq):
            kept = [s for s in map(visit, stmt.stmts) if s is not None]
            return None if not kept else kept[0] if len(kept) == 1 else Seq(kept)
        return stmt

    rest = visit(program.body)
    assert rest is not None, f"block {block.name} is all there is"
    return rest


def box_read(program: Program, block: str, buffer: str, loop: str) -> Box:
    """The box of a buffer that one iteration of a loop around `block`, which reads it, reads.

    Raises:
        UsageError: there is no such loop, or the block reads no such buffer.
    """
    site = find_site(program, block)
    found = site.loop(loop) if site is not None else None
    read = {r.buffer.name: r.buffer for r in site.block.reads} if site is not None else {}
    if site is None or found is None or buffer not in read:
        raise UsageError(f"{block} has no loop {loop!r} in which it reads {buffer!r}.")
    around = site.loops[: site.loops.index(found) + 1]
    box = touched(found.body, read[buffer], ranges_of(around), writes=False)
    assert box is not None, "the block reads it"
    return box
