"""Double buffer: what a loop fills for itself is filled for the next iteration while it is used.

Other systems: TVM `double_buffer`, Triton's and CUTLASS's multi-stage loops.

The statements that fill the buffer are stage 0 of a pipeline and the others stage 1, so the buffer
has two copies that alternate. With `copies` of 3 or more it is filled as many iterations ahead as
others are in use or on their way: copies that go on by themselves (`copy_async`) then have the time
of several iterations. Legal in a serial loop each of whose iterations fills what it uses, and where
nothing else between the stages changes places; several buffers of a loop are filled ahead by as
many steps, with as many copies each.

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

After `s["B"].compute_at("C", "i"); s["B"].double_buffer("i")`:

    B = allocate(float32[8, 8])
    for i in range(8, software_pipeline_stage=[0, 1]):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.parallelism import is_private
from tvmlab.analysis.pipelining import (
    MOST_STAGES,
    STAGE,
    order_of,
    pipeline_problem,
    stages_of,
    statements,
)
from tvmlab.ir.program import For, Program, Seq
from tvmlab.ir.walk import blocks
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class DoubleBuffer(Step):
    """Fill the block's buffer in `loop` ahead of its use, in several copies by turns."""

    name = "double_buffer"
    group = "storage"
    summary = "fill a buffer iterations ahead of its use"
    example = 'double_buffer("ko")'
    loop: str = argument("loop", "the loop in each of whose iterations it is filled and used")
    copies: int = argument("value", "how many iterations hold it at once", default=2)

    def require(self, program: Program) -> None:
        """A loop that fills the buffer for itself, plain or already filling others ahead by as
        much, and stages that keep every order."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        if [key for key, _ in loop.annotations] != [STAGE]:
            loop = self.find_serial_loop(site, self.loop)
        if not 2 <= self.copies <= MOST_STAGES:
            raise self.refuse(
                self.loop,
                f"{self.copies} copies are none that iterations take by turns",
                f"give a number from 2 to {MOST_STAGES}",
            )
        if max(stages_of(loop) or (self.copies - 1,)) != self.copies - 1:
            raise self.refuse(
                self.loop,
                f"the loop holds {max(stages_of(loop) or ()) + 1} iterations at once",
                "give as many copies",
            )
        stages = self._stages(site, loop)
        filled = site.block.writes[0].buffer
        if not is_private(program, loop, filled) or len(set(stages)) < 2:
            raise self.refuse(
                self.loop,
                f"an iteration of {self.loop} does not fill {filled.name} for its own use",
                f"compute_at {self.block} in the loop of its reader first",
            )
        problem = pipeline_problem(program, loop, stages, order_of(loop))
        if problem is not None:
            raise self.refuse(
                self.loop, problem, f"annotate {STAGE} with stages of your own, or keep one copy"
            )

    def _stages(self, site: Site, loop: For) -> tuple[int, ...]:
        """0 for each statement that fills the buffer; the others run last, or as they do."""
        filled = site.block.writes[0].buffer
        parts = statements(loop)
        before = stages_of(loop) or (self.copies - 1,) * len(parts)
        return tuple(
            0 if any(filled in [w.buffer for w in b.writes] for b in blocks(part)) else stage
            for part, stage in zip(parts, before, strict=True)
        )

    def apply(self, program: Program) -> Program:
        """The loop with its stages."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        staged = loop.replace(annotations=((STAGE, self._stages(site, loop)),))
        return exchange(program, loop, staged)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[DoubleBuffer]:
        """A loop with several statements."""
        if isinstance(loop.body, Seq):
            for copies in (2, 3):
                yield cls(site.block.name, loop.var.name, copies)
