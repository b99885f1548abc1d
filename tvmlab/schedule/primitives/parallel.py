"""Parallel: the iterations of a loop are shared out among threads.

Other systems: TVM `parallel`, Halide `parallel`, Exo `parallelize_loop`.

Legal on a serial loop of independent iterations, with no parallel, vectorized or unrolled loop
around it and no parallel loop inside it.

`chunks` says how iterations reach threads. Each thread owns an even share of them, neighbours, and
the same ones at every call (where they do not come out even, the first threads have one more).
"dynamic", the default: a thread runs its share in ever smaller pieces, and when it is done takes
from what others have left; for iterations that differ, and for cores that others use too. "static":
a share is run in one go by whoever begins it; for iterations that take equally long, where it saves
the claims between pieces. "turning": as "static", and in every second iteration of the loop around
a share is walked from its end to its beginning, so that what was read last and is still in a cache
is read first; for a share that reads the same every time, and more than the cache holds.

Before:

    for i in range(1024):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].parallel("i")`:

    for i in parallel(1024):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.parallelism import loop_kinds
from tvmlab.ir.parallel_chunks import CHUNKS, DYNAMIC, with_chunks
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.independence import require_independent
from tvmlab.schedule.step import Step, argument

_NOT_AROUND = ("parallel", "vectorized", "unrolled", "bound")


@dataclass(frozen=True)
class Parallel(Step):
    """Share the iterations of `loop` out among threads."""

    name = "parallel"
    group = "execution"
    summary = "share iterations out among threads"
    example = 'parallel("yo")'
    loop: str = argument("loop", "the loop whose iterations are shared out")
    chunks: str = argument("name", "how: dynamic, static or turning", default=DYNAMIC)

    def require(self, program: Program) -> None:
        """A serial loop of independent iterations, with no parallel loop around or inside."""
        site = self.site(program)
        if self.chunks not in CHUNKS:
            raise self.refuse(
                self.loop,
                f"there are no {self.chunks} chunks",
                f"choose {' or '.join(CHUNKS)}",
            )
        loop = self.find_serial_loop(site, self.loop)
        require_independent(self, program, loop, site.loops)
        around = site.loops[: site.loops.index(loop)]
        outer = next((o for o in around if o.kind in _NOT_AROUND), None)
        if outer is not None:
            raise self.refuse(
                self.loop,
                f"the loop {outer.var.name} around it is {outer.kind}; threads do not nest there",
                f"fuse {outer.var.name} and {self.loop} first, or make one outer loop parallel",
            )
        inside = next((k for k in ("parallel", "bound") if k in loop_kinds(loop.body)), None)
        if inside is not None:
            raise self.refuse(
                self.loop,
                f"a {inside} loop is inside it, and parallel loops do not nest",
                "fuse the two loops first, then make the fused one parallel",
            )

    def apply(self, program: Program) -> Program:
        """The loop marked."""
        loop = self.find_loop(self.site(program), self.loop)
        return exchange(program, loop, with_chunks(loop.replace(kind="parallel"), self.chunks))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Parallel]:
        """The loop itself, in each manner; turning only where a loop is around it."""
        for chunks in CHUNKS if loop is not site.loops[0] else CHUNKS[:-1]:
            yield cls(site.block.name, loop.var.name, chunks)
