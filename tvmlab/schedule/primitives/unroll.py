"""Unroll: a loop becomes its iterations one after the other.

Other systems: TVM `unroll`, Halide `unroll`, Exo `unroll_loop`.

Legal on a short serial loop. Indices become constants, which is what lets accumulators live in
registers.

Before:

    for i in range(4):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].unroll("i")`:

    for i in unrolled(4):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.pragmas import MAX_COPIES, copies_of
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Unroll(Step):
    """Write out the iterations of `loop` one after the other."""

    name = "unroll"
    group = "execution"
    summary = "write out the iterations one after the other"
    example = 'unroll("yi")'
    loop: str = argument("loop", "the loop to write out")

    def require(self, program: Program) -> None:
        """A serial loop of known extent; all unrolled loops of the nest make few copies."""
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
        if not isinstance(loop.extent, int):
            raise self.refuse(
                self.loop,
                f"its extent {loop.extent!r} is known only at a call, and copies are made before",
                f'split it first, e.g. .split("{self.loop}", 4), and unroll the inner loop',
            )
        copies = loop.extent * copies_of(program, loop)
        if copies > MAX_COPIES:
            raise self.refuse(
                self.loop,
                f"that makes {copies} copies of the body; more than {MAX_COPIES} take seconds "
                "to compile",
                f'split it first, e.g. .split("{self.loop}", 4), and unroll the inner loop',
            )

    def apply(self, program: Program) -> Program:
        """The loop marked."""
        loop = self.find_loop(self.site(program), self.loop)
        return exchange(program, loop, loop.replace(kind="unrolled"))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Unroll]:
        """The loop itself."""
        yield cls(site.block.name, loop.var.name)
