"""Tile: split several loops and bring their outer parts outside their inner parts.

Other systems: TVM `tile` (two loops), Halide `tile`.

Before:

    for y in range(8):
        for x in range(8):
            with block("B", vy=y, vx=x):
                B[vy, vx] = A[vy, vx] + 1.0

After `s["B"].tile("y", "x", 4, 4)`:

    for yo in range(2):
        for xo in range(2):
            for yi in range(4):
                for xi in range(4):
                    with block("B", vy=yo * 4 + yi, vx=xo * 4 + xi):
                        B[vy, vx] = A[vy, vx] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site
from tvmlab.schedule.primitives import Reorder, Split
from tvmlab.schedule.recipe import Recipe
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Tile(Recipe):
    """Cut `loops` by `factors` and put all outer parts outside all inner parts."""

    name = "tile"
    summary = "cut loops into tiles"
    example = 'tile("y", "x", 32, 32)'
    loops: tuple[str, ...] = argument("loops", "the loops to cut, outermost first")
    factors: tuple[int, ...] = argument("factors", "the size of a tile along each loop")

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> Tile:
        """`tile(loop, ..., factor, ...)`: as many factors as loops."""
        half = len(args) // 2
        loops = kwargs.pop("loops", args[:half])
        factors = kwargs.pop("factors", args[half:])
        if kwargs or len(args) % 2:
            raise cls.misuse(block, args, kwargs, "tile takes loops and as many factors")
        return cls.checked(block, {"loops": loops, "factors": factors})

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Loops, then factors."""
        return [*self.loops, *self.factors], {}

    def require(self, program: Program) -> None:
        """As many factors as loops, and every step legal."""
        if not self.loops or len(self.loops) != len(self.factors):
            raise self.refuse(
                "",
                f"{len(self.loops)} loop(s) and {len(self.factors)} factor(s) were given",
                "give one factor for each loop",
            )
        super().require(program)

    def _splits(self, program: Program) -> tuple[list[Step], list[str]]:
        """The splits, and the names they give: all outer loops, then all inner ones."""
        splits: list[Step] = []
        outer, inner = [], []
        for loop, factor in zip(self.loops, self.factors, strict=True):
            split = Split(self.block, loop, (None, factor))
            refusal = split.check(program)
            splits.append(split)
            if refusal is not None:
                return splits, []
            names = split.results(program)
            outer.append(names[0])
            inner.append(names[1])
            program = split.apply(program)
        return splits, outer + inner

    def expand(self, program: Program) -> list[Step]:
        """One split for each loop, then one reorder."""
        splits, order = self._splits(program)
        return [*splits, Reorder(self.block, tuple(order))] if order else splits

    def results(self, program: Program) -> list[str]:
        """All outer loops, then all inner ones."""
        return self._splits(program)[1]

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Tile]:
        """The loop with the one directly inside it, in square tiles."""
        if isinstance(loop.body, For):
            for size in (8, 16, 32, 64):
                if size < _least_extent(loop, loop.body):
                    names = (loop.var.name, loop.body.var.name)
                    yield cls(site.block.name, names, (size, size))


def _least_extent(*loops: For) -> float:
    """The least of the extents that are numbers; infinite where none is."""
    return min((loop.extent for loop in loops if isinstance(loop.extent, int)), default=inf)
