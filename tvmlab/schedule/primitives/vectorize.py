"""Vectorize: the iterations of a loop become the lanes of vector instructions.

Other systems: TVM `vectorize`, Halide `vectorize`.

Legal on a serial loop of at most `MAX_LANES` iterations whose iterations are independent.

Before:

    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].vectorize("i")`:

    for i in vectorized(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.parallelism import loop_kinds
from tvmlab.ir.program import LANES, For, Program
from tvmlab.ir.walk import blocks
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.independence import require_independent
from tvmlab.schedule.step import Step, argument

MAX_LANES = 128
"""Eight 512-bit registers of float32: beyond it a vector only spills."""


@dataclass(frozen=True)
class Vectorize(Step):
    """Run the iterations of `loop` as the lanes of vector instructions."""

    name = "vectorize"
    group = "execution"
    summary = "run iterations as the lanes of vector instructions"
    example = 'vectorize("xi")'
    loop: str = argument("loop", "the loop whose iterations become lanes")

    def require(self, program: Program) -> None:
        """A short serial loop of independent iterations with no annotated loop inside."""
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
        require_independent(self, program, loop, site.loops)
        if len(list(blocks(loop.body))) > 1:
            raise self.refuse(
                self.loop,
                "several blocks are inside, and lanes do not hand values to each other",
                "vectorize the innermost loop of each block",
            )
        if not isinstance(loop.extent, int):
            raise self.refuse(
                self.loop,
                f"its extent {loop.extent!r} is known only at a call, and lanes are counted before",
                f'split it first, e.g. .split("{self.loop}", 16), and vectorize the inner loop',
            )
        if loop.extent > MAX_LANES:
            raise self.refuse(
                self.loop,
                f"{loop.extent} lanes are more than the {MAX_LANES} that registers hold",
                f'split it first, e.g. .split("{self.loop}", 16), and vectorize the inner loop',
            )
        if loop_kinds(loop.body) & {*LANES, "parallel", "bound"}:
            raise self.refuse(
                self.loop,
                "a loop of lanes or of threads is inside, and lanes cannot nest",
                "vectorize the innermost loop only",
            )
        around = next((o for o in site.loops if o.kind in LANES), None)
        if around is not None:
            raise self.refuse(
                self.loop,
                f"the loop {around.var.name} around it is vectorized already",
                f"fuse the two before vectorizing, or keep {around.var.name} alone",
            )

    def apply(self, program: Program) -> Program:
        """The loop marked."""
        loop = self.find_loop(self.site(program), self.loop)
        return exchange(program, loop, loop.replace(kind="vectorized"))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Vectorize]:
        """The loop itself."""
        yield cls(site.block.name, loop.var.name)
