"""Prefetch: what a later iteration will read of a buffer is brought into the caches meanwhile.

Other systems: TVM `prefetch`, Halide `prefetch`.

The loop carries the annotation `prefetch`, and lowering begins its iterations with hints, one for
each line of the caches. A hint changes no value and may name a place beyond the buffer. Legal in a
serial loop that only reads the buffer, moves along it, and has an iteration that far ahead; its
annotation holds for every block that reads the buffer in the loop. With `within`, a loop inside,
the iterations of that one begin with the hints, each for what it will itself read then: so the
traffic of a whole row is spread over the work on the row before.

Before:

    for y in range(8):
        for x in range(8):
            for k in range(8):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]

After `s["C"].prefetch("A", "k", 4)`:

    for y in range(8):
        for x in range(8):
            for k in range(8, prefetch="A@4"):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.prefetching import PREFETCH, Ahead, ahead_of, ahead_text
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.pragmas import problem_of
from tvmlab.schedule.step import Step, argument

_OFFERED = (1, 4, 16)


@dataclass(frozen=True)
class Prefetch(Step):
    """Fetch what the block reads of `buffer` in `loop` by `distance` iterations ahead."""

    name = "prefetch"
    group = "storage"
    summary = "bring into the caches what a later iteration reads"
    example = 'prefetch("A", "k", 4)'
    buffer: str = argument("name", "the buffer that is read")
    loop: str = argument("loop", "the loop whose later iterations read it")
    distance: int = argument("value", "iterations between the hint and the read, from 1")
    within: str | None = argument(
        "loop", "a loop inside it, over whose iterations the hints are spread", default=None
    )

    def require(self, program: Program) -> None:
        """A buffer that the block reads, and a loop that can keep the annotation."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        read = [r.buffer.name for r in site.block.reads]
        if self.buffer not in read:
            raise self.refuse(
                self.loop,
                f"{self.block} does not read {self.buffer!r}",
                f"choose among {', '.join(read)}" if read else "choose a block that reads",
            )
        if self.distance < 1:
            raise self.refuse(
                self.loop,
                f"a distance of {self.distance} iterations is not ahead",
                "give a distance of 1 or more",
            )
        carrier = self._carrier(site)
        if self.within is not None and carrier not in site.loops[site.loops.index(loop) + 1 :]:
            raise self.refuse(
                self.within,
                f"it is not inside {self.loop}",
                "name a loop inside, or leave it out",
            )
        problem = problem_of(program, carrier, PREFETCH, self._value(carrier))
        if problem is not None:
            raise self.refuse(self.loop, problem.why, problem.instead)

    def _carrier(self, site: Site) -> For:
        """The loop whose iterations begin with the hints."""
        return self.find_loop(site, self.loop if self.within is None else self.within)

    def _value(self, carrier: For) -> str:
        """What the loop fetched ahead before, and the buffer."""
        before = ahead_of(dict(carrier.annotations).get(PREFETCH)) or ()
        along = "" if self.within is None else self.loop
        others = [ahead for ahead in before if ahead.buffer != self.buffer]
        return ahead_text([*others, Ahead(self.buffer, self.distance, along)])

    def apply(self, program: Program) -> Program:
        """The loop with the annotation."""
        loop = self._carrier(self.site(program))
        others = tuple(a for a in loop.annotations if a[0] != PREFETCH)
        new = loop.replace(annotations=(*others, (PREFETCH, self._value(loop))))
        return exchange(program, loop, new)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Prefetch]:
        """Each buffer that the block reads, near and far ahead, or spread over the loop inside."""
        inside = site.loops[site.loops.index(loop) + 1 :]
        for name in dict.fromkeys(r.buffer.name for r in site.block.reads):
            for distance in _OFFERED:
                yield cls(site.block.name, name, loop.var.name, distance)
            if inside:
                yield cls(site.block.name, name, loop.var.name, 1, inside[0].var.name)
