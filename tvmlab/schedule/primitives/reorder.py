"""Reorder: loops of a perfect nest change places.

Other systems: TVM `reorder`, Halide `reorder`, Exo `reorder_loops`.

Legal where the loops concerned form one nest with nothing beside them, and the blocks below
exchange nothing with each other: instances of a block may run in any order by its meaning.

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
from tvmlab.ir.program import For, Program, Stmt
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
        places = sorted(site.loops.index(loop) for loop in loops)
        for loop in site.loops[places[0] : places[-1]]:
            if not isinstance(loop.body, For):
                raise self.refuse(
                    loop.var.name,
                    f"other statements stand beside the loop inside {loop.var.name}",
                    "reorder only loops that are directly inside each other",
                )
        self._require_same_order(program, site.loops[places[0] : places[-1] + 1], loops)
        for loop in loops:
            if loop.kind == "vectorized" and self.order[-1] != loop.var.name:
                raise self.refuse(
                    loop.var.name,
                    "a vectorized loop stays innermost",
                    f"put {loop.var.name} last",
                )

    def _require_same_order(
        self, program: Program, nest: Sequence[For], loops: Sequence[For]
    ) -> None:
        """No two iterations that touch one element change places."""
        moved = iter(loops)
        order = [next(moved) if loop in loops else loop for loop in nest]
        found = swapped(program, nest, order, lambda buffer: is_private(program, nest[-1], buffer))
        if found is not None:
            raise self.refuse(
                self.order[0],
                f"{said(found, nest)}, and would change places",
                "reorder loops around one block",
            )

    def apply(self, program: Program) -> Program:
        """The nest from the first to the last place, rebuilt in the new order."""
        site = self.site(program)
        new = [self.find_loop(site, name) for name in self.order]
        places = sorted(site.loops.index(loop) for loop in new)
        nest = list(site.loops[places[0] : places[-1] + 1])
        for place, loop in zip(places, new, strict=True):
            nest[place - places[0]] = loop
        body: Stmt = site.loops[places[-1]].body
        for loop in reversed(nest):
            body = loop.replace(body=body)
        return exchange(program, site.loops[places[0]], body)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Reorder]:
        """The loop with each loop inside it: swapped, or moved to the innermost place."""
        names = site.names()
        below = names[names.index(loop.var.name) + 1 :]
        if below:
            yield cls(site.block.name, (below[0], loop.var.name))
        if len(below) > 1:
            yield cls(site.block.name, (*below, loop.var.name))
