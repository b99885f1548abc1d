"""Unannotate: a loop no longer carries an annotation.

Other systems: TensorIR `unannotate`.

Legal where the loop carries one of that name that `annotate` made.

Before:

    for i in range(1024):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].annotate("i", "unroll", 4); s["B"].unannotate("i", "unroll")`:

    for i in range(1024):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.pragmas import RESERVED
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Unannotate(Step):
    """Take the annotation `key` from `loop`."""

    name = "unannotate"
    group = "execution"
    summary = "take a pragma from a loop"
    example = 'unannotate("k", "unroll")'
    loop: str = argument("loop", "the loop that carries it")
    key: str = argument("name", "the annotation's name")

    def require(self, program: Program) -> None:
        """An annotation of that name that no step of its own made."""
        loop = self.find_loop(self.site(program), self.loop)
        carried = [key for key, _ in loop.annotations if key not in RESERVED]
        if self.key not in carried:
            known = ", ".join(carried)
            raise self.refuse(
                self.loop,
                f"the loop carries no annotation {self.key!r}",
                f"it carries {known}" if known else "it carries none",
            )

    def apply(self, program: Program) -> Program:
        """The loop without the annotation."""
        loop = self.find_loop(self.site(program), self.loop)
        kept = tuple((k, v) for k, v in loop.annotations if k != self.key)
        return exchange(program, loop, loop.replace(annotations=kept))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Unannotate]:
        """Each annotation of the loop."""
        for key, _ in loop.annotations:
            yield cls(site.block.name, loop.var.name, key)
