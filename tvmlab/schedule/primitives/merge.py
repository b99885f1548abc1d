"""Merge: two loops in a row become one that runs both bodies.

Other systems: TensorIR `merge`, Exo `fuse`, loop fusion in compilers.

Legal on serial loops of equal extent that follow each other, where no iteration of the first meets
an earlier iteration of the second at an element that either writes.

Before:

    B = allocate(float32[8, 8])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
    for i in range(8):
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0

After `s["B"].merge("i", "C", "i")`:

    B = allocate(float32[8, 8])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.conflicts import Conflict, Unknown, overtaking
from tvmlab.ir.expr import Var
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import Block, For, Program, Seq, Stmt
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import blocks, map_children, stmts, substitute_stmt
from tvmlab.schedule.distribute import in_a_row
from tvmlab.schedule.find import Site, exchange, find_site, names_on_paths, sites
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Merge(Step):
    """Run the body of `other_loop` of block `other` behind that of `loop`, in one loop."""

    name = "merge"
    summary = "make one loop of two in a row"
    example = 'merge("y", "D", "y")'
    loop: str = argument("loop", "the first of the two loops")
    other: str = argument("name", "a block in the second loop")
    other_loop: str = argument("name", "the second loop, which follows the first")

    def require(self, program: Program) -> None:
        """Plain loops in a row, of equal extent, of which the second overtakes nothing."""
        site = self.site(program)
        first = self.find_serial_loop(site, self.loop)
        second = self._second(program)
        if second.kind != "serial" or second.annotations:
            raise self.refuse(
                self.other_loop, f"the loop {self.other_loop} of {self.other} is not plain",
                "merge before either loop is annotated",
            )  # fmt: skip
        if not any(a is first and b is second for a, b in _pairs(program.body)):
            raise self.refuse(
                self.loop,
                f"loop {self.other_loop} of {self.other} does not follow it directly",
                _followers(program, first),
            )
        if not same_extent(first.extent, second.extent):
            raise self.refuse(
                self.loop,
                f"the loops have {first.extent} and {second.extent} iterations",
                "partition the longer one first",
            )
        found = overtaking(program, second.body, second, first.body, first)
        if found is not None:
            raise self.refuse(
                self.loop,
                _early(found, self.other_loop, self.loop),
                "merge loops whose iterations use what the same iterations write",
            )

    def _second(self, program: Program) -> For:
        site = find_site(program, self.other)
        found = site.loop(self.other_loop) if site is not None else None
        if found is None:
            known = ", ".join(s.block.name for s in sites(program))
            what = f"block {self.other!r}" if site is None else f"loop {self.other_loop!r} there"
            there = known if site is None else ", ".join(site.names())
            raise self.refuse("", f"there is no {what}", f"there are {there}")
        return found

    def results(self, program: Program) -> list[str]:
        """The first loop's name, unless a loop inside the second has it."""
        first = self.find_loop(self.site(program), self.loop)
        second = self._second(program)
        taken = {s.var.name for s in stmts(second.body) if isinstance(s, For)}
        taken |= names_on_paths(program, first)
        return fresh_names(taken, [self.loop])

    def apply(self, program: Program) -> Program:
        """The first loop with both bodies, and the second gone."""
        first = self.find_loop(self.site(program), self.loop)
        second = self._second(program)
        (name,) = self.results(program)
        var = first.var if name == self.loop else Var(name)
        bodies = [
            substitute_stmt(o.body, {o.var: var}) if o.var is not var else o.body
            for o in (first, second)
        ]
        merged = first.replace(var=var, body=in_a_row(bodies))
        without = program.with_body(_without(program.body, second))
        return exchange(without, first, merged)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Merge]:
        """The loop with the one that follows it."""
        for first, second in _pairs(program.body):
            if first is loop:
                block = next(blocks(second))
                yield cls(site.block.name, loop.var.name, block.name, second.var.name)


def _early(found: Conflict | Unknown, early: str, late: str) -> str:
    """That an iteration of the second loop would come before a later one of the first."""
    if isinstance(found, Unknown):
        return (
            f"cannot prove that {found.block} finds in {found.buffer} what {found.other} left there"
        )
    return (
        f"{found.block} in {early}={found.first[0]} would run before {found.other} in "
        f"{late}={found.second[0]}, and both touch {found.element}"
    )


def _pairs(stmt: Stmt) -> Iterator[tuple[For, For]]:
    """Loops that follow each other directly."""
    for s in stmts(stmt):
        if isinstance(s, Seq):
            for first, second in zip(s.stmts, s.stmts[1:], strict=False):
                if isinstance(first, For) and isinstance(second, For):
                    yield first, second


def _followers(program: Program, first: For) -> str:
    for a, b in _pairs(program.body):
        if a is first:
            return f"loop {b.var.name} of {next(blocks(b)).name} follows it"
    return "no loop follows it directly"


def _without(stmt: Stmt, gone: For) -> Stmt:
    """`stmt` without the loop `gone`, which stands in a row with others."""
    if isinstance(stmt, Block):
        return stmt
    if isinstance(stmt, Seq) and gone in stmt.stmts:
        return in_a_row([s for s in stmt.stmts if s is not gone])
    return map_children(stmt, lambda s: _without(s, gone), lambda e: None)
