"""Reorder: loops of a nest change places.

Other systems: TVM `reorder`, Halide `reorder`, Exo `reorder_loops`.

Legal where no two iterations that touch one element change places, folds apart: instances of one
block may run in any order by its meaning. Statements beside the loops get loops of their own first,
as `fission` gives them, where none overtakes another by that.

Before:

    for i in range(4):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0

After `s["B"].reorder("j", "i")`:

    for j in range(8):
        for i in range(4):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.analysis.conflicts import swapped
from tvmlab.analysis.parallelism import is_private
from tvmlab.analysis.repetition import is_repeated
from tvmlab.ir.program import LANES, For, Program, Stmt
from tvmlab.ir.walk import blocks_with_loops, variables
from tvmlab.schedule.distribute import Inseparable, in_a_row, isolate
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.independence import said
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Reorder(Step):
    """Put `order` in the places these loops hold now, outermost first; others stay put."""

    name = "reorder"
    summary = "change the order of loops"
    example = 'reorder("k", "y", "x")'
    order: tuple[str, ...] = argument("loops", "the loops in their new order, outermost first")

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> Reorder:
        """`reorder(outermost, ..., innermost)`."""
        order = kwargs.pop("order", args)
        if kwargs:
            raise cls.misuse(block, args, kwargs, "reorder takes loops only")
        return cls.checked(block, {"order": order})

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """The loops, one argument each."""
        return list(self.order), {}

    def require(self, program: Program) -> None:
        """Distinct loops of one perfect nest, with independent blocks below."""
        site = self.site(program)
        loops = [self.find_loop(site, name) for name in self.order]
        if len(loops) < 2:
            raise self.refuse("", "reorder needs at least two loops", "name the loops in new order")
        if len(set(self.order)) != len(self.order):
            twice = next(n for n in self.order if self.order.count(n) > 1)
            raise self.refuse(twice, f"{twice} is named twice", "name each loop once")
        path, order = _moving(site, loops)
        if path:
            self._require_alone(program, path)
            self._require_same_order(program, path, order)
            self._require_folds_once(path[-1], order)
        for loop in loops:
            if loop.kind in LANES and self.order[-1] != loop.var.name:
                raise self.refuse(
                    loop.var.name,
                    f"a {loop.kind} loop stays innermost",
                    f"put {loop.var.name} last",
                )

    def _require_alone(self, program: Program, path: Sequence[For]) -> None:
        """What stands beside the loops can have loops of its own."""
        try:
            isolate(program, path)
        except Inseparable as together:
            raise self.refuse(
                together.loop.var.name,
                f"statements stand beside the loops: {together}",
                f"reorder loops inside {together.loop.var.name} only",
            ) from None

    def _require_same_order(
        self, program: Program, nest: Sequence[For], order: Sequence[For]
    ) -> None:
        """No two iterations that touch one element change places."""
        found = swapped(program, nest, order, lambda buffer: is_private(program, nest[-1], buffer))
        if found is not None:
            raise self.refuse(
                self.order[0],
                f"{said(found, nest)}, and would change places",
                "reorder loops around one block",
            )

    def _require_folds_once(self, innermost: For, order: Sequence[For]) -> None:
        """No loop that repeats a fold, each time from the start, comes inside the fold."""
        for block, inner in blocks_with_loops(innermost.body):
            folded = [b for it, b in zip(block.iters, block.bindings, strict=True) if it.is_reduce]
            reducing = set().union(*map(variables, folded))
            nest = [*order, *inner]
            outermost = next((n for n, o in enumerate(nest) if o.var in reducing), len(nest))
            if outermost < len(nest) and is_repeated(block, nest[outermost:]):
                raise self.refuse(
                    nest[outermost].var.name,
                    f"{block.name} would fold the same values several times into one element",
                    f"leave the loops that repeat {block.name} outside {nest[outermost].var.name}",
                )

    def apply(self, program: Program) -> Program:
        """The nest from the first to the last place, rebuilt in the new order."""
        site = self.site(program)
        path, order = _moving(site, [self.find_loop(site, name) for name in self.order])
        if not path:
            return program
        before, _, after = isolate(program, path)
        body: Stmt = path[-1].body
        for loop in reversed(order):
            body = loop.replace(body=body)
        return exchange(program, path[0], in_a_row([*before, body, *after]))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Reorder]:
        """The loop with each loop inside it: swapped, or moved to the innermost place."""
        names = site.names()
        below = names[names.index(loop.var.name) + 1 :]
        if below:
            yield cls(site.block.name, (below[0], loop.var.name))
        if len(below) > 1:
            yield cls(site.block.name, (*below, loop.var.name))


def _moving(site: Site, named: Sequence[For]) -> tuple[list[For], list[For]]:
    """The loops from the first to the last whose place changes, and the same in their new order."""
    places = sorted(site.loops.index(loop) for loop in named)
    new = list(site.loops)
    for place, loop in zip(places, named, strict=True):
        new[place] = loop
    moved = [n for n, loop in enumerate(site.loops) if new[n] is not loop]
    if not moved:
        return [], []
    return list(site.loops[moved[0] : moved[-1] + 1]), new[moved[0] : moved[-1] + 1]
