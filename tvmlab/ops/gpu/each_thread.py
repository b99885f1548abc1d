"""A thread for each result: maps, and folds that nothing is shared in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from tvmlab.ir.program import For
from tvmlab.ops.choices import nearest
from tvmlab.ops.gpu.team import Team, is_of_one, own_loops
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import fused
from tvmlab.ops.reading import runs_along
from tvmlab.ops.stage_part import StagePart
from tvmlab.schedule import Schedule


@dataclass(frozen=True)
class EachThread(StagePart):
    """A stage whose results threads take one by one, or some neighbours at once."""

    unit: ThreadUnit

    @property
    def word(self) -> str:
        """`each(B)`."""
        return f"each({self.block})"

    def knobs(self) -> list[Knob]:
        """Threads of a block, and results of a thread."""
        most = self.unit.lanes(self.size_bytes)
        is_wide = not self.stage.reduce_axes and runs_along(self.stage, self.stage.axes[-1])
        lanes = [n for n in (1, 2, 4, 8) if n <= most and self.stage.extents[-1] % n == 0]
        return [
            ChoiceKnob(f"{self.block}.threads", _counts(self.unit)),
            ChoiceKnob(f"{self.block}.lanes", tuple(lanes) if is_wide else (1,)),
        ]

    def default(self) -> dict[str, Option]:
        """Some warps; as wide as memory is read."""
        threads, lanes = self.knobs()
        return {
            threads.name: nearest(_counts(self.unit), 128),
            lanes.name: lanes.options[-1],
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The steps of `results_to_threads`."""
        threads, lanes = config[f"{self.block}.threads"], config[f"{self.block}.lanes"]
        results_to_threads(schedule, self.block, threads, lanes)


def _counts(unit: ThreadUnit) -> tuple[int, ...]:
    return tuple(n for n in (32, 64, 128, 256, 512, 1024) if n <= unit.threads)


def results_to_threads(schedule: Schedule, block: str, threads: int, lanes: int = 1) -> None:
    """Bind the loops over results that are the block's alone; folds go on inside.

    Args:
        threads: of a block, as many as there are results at most.
        lanes: neighbouring results of a thread, which it computes as a vector.

    Raises:
        ScheduleError: a step is illegal.
    """
    stage = schedule[block]
    own = list(filter(is_of_one(schedule, block), own_loops(schedule, block)))
    folded = schedule.folded_loops(block)
    spatial = [o for o in own if o.var.name not in folded]
    if not spatial:
        stage.add_unit_loop(*([own[0].var.name] if own else []))
        (added,) = [x for x in stage.loops if x not in {o.var.name for o in own}][-1:]
        stage.bind(added, "blockIdx.x")
        return
    order = [o.var.name for o in (*spatial, *(o for o in own if o.var.name in folded))]
    if order != [o.var.name for o in own]:
        stage.reorder(*order)
    count = prod(o.extent for o in spatial if isinstance(o.extent, int))
    loop = fused(stage, [o.var.name for o in spatial])
    while threads * lanes >= 2 * count and threads > 1:
        threads //= 2
    made = stage.split(loop, factors=(None, threads, *([lanes] if lanes > 1 else [])))
    stage.bind(made[0], "blockIdx.x")
    stage.bind(made[1], "threadIdx.x")
    if lanes > 1:
        stage.vectorize(made[2])


def within_a_block(schedule: Schedule, block: str, threads: int) -> None:
    """Share results out among the threads of the one block that runs everything around; nothing
    where that is done.

    Raises:
        ScheduleError: a step is illegal.
    """
    own = list(filter(is_of_one(schedule, block), own_loops(schedule, block)))
    if is_bound(own):
        return
    folded = schedule.folded_loops(block)
    spatial = [o.var.name for o in own if o.var.name not in folded]
    order = [*spatial, *(o.var.name for o in own if o.var.name in folded)]
    if order != [o.var.name for o in own]:
        schedule[block].reorder(*order)
    if spatial:
        Team.row(threads).take(schedule, block, spatial)


def is_bound(loops: list[For]) -> bool:
    """Whether one of the loops is bound to an axis."""
    return any(loop.kind == "bound" for loop in loops)
