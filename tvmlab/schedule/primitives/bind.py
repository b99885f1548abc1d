"""Bind: the iterations of a loop are the blocks or threads of a processor with many of them.

Other systems: TVM and TensorIR `bind`, Halide `gpu_blocks`, `gpu_threads`.

Legal on a serial loop of independent iterations, on an axis no loop around it is bound to, within
the limits of hardware, and with the same extent in all loops of a kernel bound to that axis, which
for blocks may be over sizes. On a processor without such axes the outermost blocks run in parallel,
threads one after the other.

Before:

    for i in range(4):
        for j in range(32):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0

After `s["B"].bind("i", "blockIdx.x"); s["B"].bind("j", "threadIdx.x")`:

    for i in bound(4, thread="blockIdx.x"):
        for j in bound(32, thread="threadIdx.x"):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.conflicts import Conflict
from tvmlab.analysis.ownership import handed_on
from tvmlab.analysis.parallelism import conflict, loop_kinds
from tvmlab.ir.axis import AXES, BLOCK_AXES, THREAD_AXES, axis_of, axis_problem, kernels
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.independence import require_independent, said
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Bind(Step):
    """Run the iterations of `loop` as the blocks or threads of the axis `thread`."""

    name = "bind"
    summary = "run iterations as blocks or threads of a GPU"
    example = 'bind("yo", "blockIdx.x")'
    group = "execution"
    loop: str = argument("loop", "the loop whose iterations are blocks or threads")
    thread: str = argument("name", "blockIdx.x, threadIdx.x (or .y, .z) or vthread")

    def require(self, program: Program) -> None:
        """A serial loop of independent iterations, and an axis that may be bound here."""
        if self.thread not in AXES:
            raise self.refuse(
                self.loop, f"there is no axis {self.thread!r}", f"the axes are {', '.join(AXES)}"
            )
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
        found = conflict(program, loop)
        if isinstance(found, Conflict) and found.why == "reduction":
            raise self.refuse(
                self.loop,
                said(found, [loop]),
                f'.rfactor("{self.loop}") first, and bind the loop of its partial results',
            )
        require_independent(self, program, loop, site.loops)
        self._require_place(site, loop)
        after = self.apply(program)
        self._require_memories(after)
        for kernel in kernels(after.body):
            problem = axis_problem(kernel)
            if problem is not None:
                raise self.refuse(self.loop, problem, "split the loop, or choose another axis")

    def _require_place(self, site: Site, loop: For) -> None:
        """No loop around or inside that shares iterations out in another way."""
        apart = ("parallel", "vectorized", *(("unrolled",) if self.thread in BLOCK_AXES else ()))
        around = site.loops[: site.loops.index(loop)]
        outer = next((o for o in around if o.kind in apart), None)
        if outer is not None or "parallel" in loop_kinds(loop.body):
            where = f"loop {outer.var.name} around it is {outer.kind}" if outer else (
                "a parallel loop is inside it"
            )  # fmt: skip
            raise self.refuse(
                self.loop,
                f"{where}, and blocks and threads do not nest with that",
                "bind that loop as well, instead of what was done to it",
            )

    def _require_memories(self, after: Program) -> None:
        """No memory that is of one iteration hands values to another."""
        for buffer in after.buffers:
            if buffer.scope not in ("shared", "warp", "local"):
                continue
            apart = handed_on(after, buffer, buffer.scope)
            if apart is not None:
                raise self.refuse(
                    self.loop,
                    f"{axis_of(apart)} would hand {buffer.name} from one iteration to another, "
                    f"and {buffer.scope} memory is not shared so",
                    f"compute_at {buffer.name} inside {apart.var.name}, or set_scope a wider one",
                )

    def apply(self, program: Program) -> Program:
        """The loop marked."""
        loop = self.find_loop(self.site(program), self.loop)
        axis = (("thread", self.thread),)
        return exchange(program, loop, loop.replace(kind="bound", annotations=axis))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Bind]:
        """One axis of each sort, a second one of those that nest, and a third where both of those
        are taken."""
        taken = {axis_of(around) for around in site.loops}
        for axes in (BLOCK_AXES, THREAD_AXES):
            third = [axes[2]] if taken >= set(axes[:2]) else []
            for axis in (*axes[:2], *third):
                yield cls(site.block.name, loop.var.name, axis)
        yield cls(site.block.name, loop.var.name, "vthread")
