"""Double buffer: what a loop fills for itself is filled for the next iteration while it is used.

Other systems: TVM `double_buffer`, Triton's and CUTLASS's multi-stage loops.

The statements that fill the buffer are stage 0 of a pipeline and the others stage 1, so the buffer
has two copies that alternate. Legal in a serial loop each of whose iterations fills what it uses,
and where nothing else between the stages changes places.

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
from tvmlab.analysis.pipelining import STAGE, order_of, pipeline_problem, statements
from tvmlab.ir.program import For, Program, Seq
from tvmlab.ir.walk import blocks
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class DoubleBuffer(Step):
    """Fill the block's buffer in `loop` one iteration ahead, in two copies by turns."""

    name = "double_buffer"
    group = "storage"
    summary = "fill a buffer one iteration ahead of its use"
    example = 'double_buffer("ko")'
    loop: str = argument("loop", "the loop in each of whose iterations it is filled and used")

    def require(self, program: Program) -> None:
        """A plain loop that fills the buffer for itself, and stages that keep every order."""
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
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
        """0 for each statement that fills the buffer, 1 for the others."""
        filled = site.block.writes[0].buffer
        return tuple(
            0 if any(filled in [w.buffer for w in b.writes] for b in blocks(part)) else 1
            for part in statements(loop)
        )

    def apply(self, program: Program) -> Program:
        """The loop with its two stages."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        staged = loop.replace(annotations=((STAGE, self._stages(site, loop)),))
        return exchange(program, loop, staged)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[DoubleBuffer]:
        """A loop with several statements."""
        if isinstance(loop.body, Seq):
            yield cls(site.block.name, loop.var.name)
