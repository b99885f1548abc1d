"""The template for processors with many threads: each stage in the shape that suits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tvmlab.errors import UsageError
from tvmlab.ir.instruction import is_collective
from tvmlab.ir.program import Invoke
from tvmlab.ops.gpu.each_thread import is_bound, results_to_threads, within_a_block
from tvmlab.ops.gpu.plan import Plan
from tvmlab.ops.gpu.team import is_of_one, own_loops, site_of
from tvmlab.ops.gpu.unit import ThreadUnit, unit_named
from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import graph_sizes

MOST_TOGETHER = 256
"""Threads that take the steps of a recurrence together."""


class GpuPart(Protocol):
    """How one stage, or some that belong together, are scheduled; decisions are left open."""

    @property
    def word(self) -> str:
        """What it is, such as `share(C)`."""

    def knobs(self) -> Sequence[Knob]:
        """The decisions left open, under the block's name."""

    def default(self) -> dict[str, Option]:
        """A good option of each knob."""

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Append the steps that `config` stands for.

        Raises:
            ScheduleError: a step is illegal.
        """


@dataclass(frozen=True)
class GpuTemplate(ScheduleTemplate):
    """Products of narrow numbers in tiles of TensorCores, where the device has them; other folds
    whose operands serve several results in tiles that threads fetch together; rows that
    are folded and used by a block of threads each; transpositions through squares in shared memory;
    anything else a thread for each result. Maps are computed where they are read. The steps of a
    recurrence follow each other, and their stages are shared out one by one.

    Attributes:
        device: what it plans for, as `tvmlab.ops.gpu.unit.unit_named` takes it.
        has_products: whether convolutions and the like are tiled as products of matrices, which
            read their windows through views (implicit GEMM); of narrow numbers they always are.
    """

    kind = "gpu"
    device: str = "opencl"
    has_products: bool = False

    @property
    def name(self) -> str:
        """`gpu/target`, such as `gpu/cuda`, or `gpu/cuda/products`."""
        return f"{self.kind}/{self.device}{'/products' if self.has_products else ''}"

    @property
    def unit(self) -> ThreadUnit:
        """What it plans for."""
        return unit_named(self.device)

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Those of the parts, each under its block's name.

        Raises:
            UsageError: a shape has sizes known only at a call; so do `default` and `apply`.
        """
        return tuple(knob for part in self._plan(outputs).parts for knob in part.knobs())

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Those of the parts."""
        config: dict[str, Option] = {}
        for part in self._plan(outputs).parts:
            config |= part.default()
        return config

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Inline, part by part, and bind what no part took."""
        plan = self._plan(schedule.outputs)
        for block in plan.inlined:
            schedule[block].compute_inline()
        for part in plan.parts:
            part.apply(schedule, config)
        bind_rest(schedule, self.unit)

    def _plan(self, outputs: Sequence[Tensor]) -> Plan:
        sizes = graph_sizes(outputs)
        if sizes:
            names = ", ".join(size.name for size in sizes)
            raise UsageError(
                f"the template {self.name} counts threads and tiles before a call, and {names} of "
                "the shapes is known only at a call; give it t.specialise of the expression at "
                "sizes of interest."
            )
        return Plan.of(outputs, self.unit, self.has_products)


def bind_rest(schedule: Schedule, unit: ThreadUnit) -> None:
    """A thread for each result of the blocks that no loop around is bound to an axis, and that no
    warp executes.

    Stages within the steps of a recurrence wait for each other: one block of threads takes all of
    it, step by step. What stands in a kernel already stays as it is: one thread has it alone.
    """
    threads = min(MOST_TOGETHER, unit.threads)
    placed = {block for block in schedule.blocks if is_bound(own_loops(schedule, block))}
    for block in schedule.blocks:
        around, body = own_loops(schedule, block), site_of(schedule, block).block.body
        if block in placed or (isinstance(body, Invoke) and is_collective(body)):
            continue
        is_own = is_of_one(schedule, block)
        shared = [loop.var.name for loop in around if not is_own(loop)]
        if shared and not is_bound(around):
            schedule[block].add_unit_loop(shared[0])
            schedule[block].bind(schedule[block].loops[0], "blockIdx.x")
        if shared:
            within_a_block(schedule, block, threads)
        elif not is_bound(around):
            results_to_threads(schedule, block, min(128, threads))
