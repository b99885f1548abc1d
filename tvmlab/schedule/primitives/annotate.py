"""Annotate: a loop carries a name with plain data, for lowering or for whoever reads the program.

Other systems: TVM `pragma`, TensorIR `annotate`.

Some keys have a meaning, are legal where it can be kept, and later steps are refused that would
break it: `unroll`, how many iterations to write out in each round; `software_pipeline_stage`, for
each statement of the body how many iterations it runs behind those of stage 0, with the buffers in
between in several versions; `software_pipeline_order`, the order of those that run at one time;
`nontemporal`, the name of a buffer whose elements the loop writes past the caches, as vectors
(OpenMP's `simd nontemporal`): for results larger than the caches. It works where the buffer begins
at a multiple of 16 bytes. Any other key is kept, printed and read back, and changes nothing.

Before:

    for i in range(1024):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].annotate("i", "unroll", 4)`:

    for i in range(1024, unroll=4):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword

from tvmlab.analysis.pipelining import ORDER, STAGE, stages_of, statements
from tvmlab.analysis.streaming import NONTEMPORAL
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.pragmas import PRAGMAS, RESERVED, problem_of
from tvmlab.schedule.step import Step, argument

UNROLL_OFFERED = (2, 3, 4, 8)


@dataclass(frozen=True)
class Annotate(Step):
    """Let `loop` carry `key` with `value`, in place of what it carried under that key."""

    name = "annotate"
    group = "execution"
    summary = "let a loop carry a pragma"
    example = 'annotate("k", "unroll", 4)'
    loop: str = argument("loop", "the loop to annotate")
    key: str = argument("name", "the annotation's name, such as unroll")
    value: int | str | tuple[int, ...] = argument(
        "value", "an integer, a list of integers, or a text"
    )

    def require(self, program: Program) -> None:
        """A key that prints as a name, and a value that keeps what the key means."""
        loop = self.find_loop(self.site(program), self.loop)
        if not self.key.isidentifier() or iskeyword(self.key):
            raise self.refuse(
                self.loop, f"{self.key!r} is no name", f"use one such as {next(iter(PRAGMAS))}"
            )
        if self.key in RESERVED:
            raise self.refuse(
                self.loop, f"{self.key} is written by a step of its own", "use bind for it"
            )
        if isinstance(self.value, str) and not self.value.isprintable():
            raise self.refuse(
                self.loop, "the value does not print as one line", "use a text without breaks"
            )
        problem = problem_of(program, loop, self.key, self.value)
        if problem is not None:
            raise self.refuse(self.loop, problem.why, problem.instead)

    def apply(self, program: Program) -> Program:
        """The loop with the annotation behind its others."""
        loop = self.find_loop(self.site(program), self.loop)
        others = tuple((k, v) for k, v in loop.annotations if k != self.key)
        new = loop.replace(annotations=(*others, (self.key, self.value)))
        return exchange(program, loop, new)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Annotate]:
        """A few numbers of iterations to write out, stages for the statements of a body, and
        buffers written past the caches."""
        for factor in UNROLL_OFFERED:
            yield cls(site.block.name, loop.var.name, "unroll", factor)
        count = len(statements(loop))
        for first in range(1, count):
            stages = (*([0] * first), *([1] * (count - first)))
            yield cls(site.block.name, loop.var.name, STAGE, stages)
        if count > 2:
            yield cls(site.block.name, loop.var.name, STAGE, tuple(range(count)))
        for region in site.block.writes:
            yield cls(site.block.name, loop.var.name, NONTEMPORAL, region.buffer.name)
        if stages_of(loop) is not None:
            yield cls(site.block.name, loop.var.name, ORDER, tuple(range(count))[::-1])
