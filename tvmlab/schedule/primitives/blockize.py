"""Blockize: a loop and all inside it become the body of the block, which then computes tiles.

Other systems: TVM `blockize`.

Legal where nothing else is inside the loop, and the loops outside visit whole tiles side by side.
The block's variables then number tiles: it can be reordered, moved and shared among threads as
before, and `tensorize` finds the loops inside by their names.

Before:

    for i in range(8):
        for k in range(8):
            with block("B", vi=i, vk=reduce(k)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + A[vi, vk]

After `s["B"].blockize("i")`:

    with block("B", vi=0, vk=reduce(0)):
        with init():
            for i in range(8):
                B[i] = 0.0
        for i in range(8):
            for k in range(8):
                B[i] = B[i] + A[i, k]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.ir.program import Block, For, Program
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step, argument
from tvmlab.schedule.tiles import Untiled, inner_loops, tiled


@dataclass(frozen=True)
class Blockize(Step):
    """Let the block compute, in one instance, all that `loop` and the loops inside it visit."""

    name = "blockize"
    summary = "make a tile the unit of the block"
    example = 'blockize("yi")'
    loop: str = argument("loop", "the outermost loop of a tile")

    def require(self, program: Program) -> None:
        """A perfect nest that visits one of several whole tiles."""
        self._tiled(self.site(program))

    def _tiled(self, site: Site) -> tuple[For, Block]:
        """The outermost loop of the tile, and the block that takes its place."""
        loop = self.find_loop(site, self.loop)
        inner = inner_loops(loop, site.block)
        block = inner if isinstance(inner, Untiled) else tiled(site.block, inner)
        if isinstance(block, Untiled):
            raise self.refuse(block.loop, block.why, block.instead)
        return loop, block

    def apply(self, program: Program) -> Program:
        """The loop exchanged for the block over tiles."""
        return exchange(program, *self._tiled(self.site(program)))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Blockize]:
        """The loop itself."""
        yield cls(site.block.name, loop.var.name)
