"""Fission: the statements of a loop's body get a loop each, up to a block and behind it.

Other systems: Exo `fission`, loop distribution in compilers.

Legal where no iteration of the first part overtakes an earlier one of the second at an element
that either writes; an element that is computed again is so to the same value, and may be. What an
iteration hands on to itself is then stored for all iterations.

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

After `s["B"].compute_at("C", "i"); s["B"].fission("i")`:

    B = allocate(float32[8, 8])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
    for i in range(8):
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.ir.program import For, Program, Seq, Stmt
from tvmlab.ir.walk import blocks
from tvmlab.schedule.distribute import Inseparable, in_a_row, parts_of, separate
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Fission(Step):
    """Give what follows the block in `loop` a loop of its own."""

    name = "fission"
    summary = "give what follows in a loop a loop of its own"
    example = 'fission("y")'
    loop: str = argument("loop", "the loop whose statements are parted behind the block")

    def require(self, program: Program) -> None:
        """Statements behind the block in the loop, none of which the block's would overtake."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        if len(self._parts(site, loop)) < 2:
            raise self.refuse(
                self.loop,
                f"nothing follows {self.block} directly inside {self.loop}",
                _where_to(site, loop),
            )
        try:
            separate(program, loop, self._parts(site, loop))
        except Inseparable as together:
            raise self.refuse(
                self.loop, str(together), "keep the loop whole, or compute one of them elsewhere"
            ) from None

    def _parts(self, site: Site, loop: For) -> list[Stmt]:
        """The statements up to the one that holds the block, and those behind it."""
        parts = parts_of(loop.body)
        place = next(n for n, part in enumerate(parts) if site.block in list(blocks(part)))
        rows = (parts[: place + 1], parts[place + 1 :])
        return [in_a_row(row) for row in rows if row]

    def apply(self, program: Program) -> Program:
        """Two loops in a row; the first keeps its variable."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        return exchange(program, loop, Seq(separate(program, loop, self._parts(site, loop))))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Fission]:
        """The loop, where it holds several statements."""
        if isinstance(loop.body, Seq):
            yield cls(site.block.name, loop.var.name)


def _where_to(site: Site, loop: For) -> str:
    """A loop where statements follow the block, or an earlier block."""
    for other in reversed(site.loops):
        parts = parts_of(other.body)
        if len(parts) > 1 and site.block not in list(blocks(parts[-1])):
            return f'.fission("{other.var.name}") first'
    before = [b.name for b in blocks(loop.body)]
    return f"name a block before the last, of {', '.join(before)}"
