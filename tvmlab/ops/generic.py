"""The template for expressions of any kind, among them all operators that map or move elements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.nest import blocks
from tvmlab.ops.reading import follows, reads
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.stage_plan import StagePlan
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import recurrences


class GenericTemplate(ScheduleTemplate):
    """Each stage by itself: its last dimension as vectors, rows that save loads in registers, long
    folds in parts, and the outermost loops shared out among threads. Last dimensions that are one
    in memory are fused. Where vectors along the last dimension would gather, and a fold runs along
    memory, the fold is cut in partial results. What the last stage alone reads may be computed
    within its shares. The cell of a recurrence is scheduled within a step."""

    kind = "generic"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """For each stage, under its block's name: `tile`, `rows`, `depth`, `unroll`, `task`,
        `partial`, `parallel`, `inside`; those with nothing to decide are left out."""
        return tuple(knob for plan in self._plans(outputs) for knob in plan.knobs())

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Vectors of the last dimension, rows where they save loads, threads outermost."""
        config: dict[str, Option] = {}
        for plan in self._plans(outputs):
            config |= plan.default()
        return config

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """A nest for each stage that has loops to cut, the last one first."""
        last, shared = "", None
        for plan in reversed(self._plans(schedule.outputs)):
            chosen = {
                name.removeprefix(f"{plan.block}."): option
                for name, option in config.items()
                if name.startswith(f"{plan.block}.")
            }
            if "partial" in chosen:
                plan.fold_in_parts(schedule, chosen)
            elif chosen.get("inside") and shared is not None:
                plan.nest_inside(schedule, chosen, last, shared)
            elif plan.stage.axes:
                loop = plan.nest_alone(schedule, chosen)
                if plan.is_last:
                    last, shared = plan.block, loop

    def _plans(self, outputs: Sequence[Tensor]) -> tuple[StagePlan, ...]:
        """The computations, as far as their loops may be scheduled, producers first."""
        return _plans_of(self.vectors, tuple(outputs))


@lru_cache(maxsize=64)
def _plans_of(vectors: VectorUnit, outputs: tuple[Tensor, ...]) -> tuple[StagePlan, ...]:
    """Kept: a search asks for every configuration."""
    cells = {stage for r in recurrences(outputs) for stage in r.cell}
    *before, (final, block) = blocks(outputs)
    last = StagePlan(_own(final, cells), block, vectors, is_bound=final in cells)
    plans = [
        StagePlan(
            _own(stage, cells),
            name,
            vectors,
            is_last=False,
            is_bound=stage in cells,
            may_follow=len(outputs) == 1
            and not cells
            and _may_follow(stage, last, [other for other, _ in before]),
        )
        for stage, name in before
    ]
    return (*plans, last)


def _own(stage: Tensor, cells: Collection[Tensor]) -> Tensor:
    """A computation, that of a cell without its first dimension, the steps."""
    if stage not in cells:
        return stage
    return Tensor(stage.name, stage.shape[1:], stage.dtype, stage.axes[1:], stage.body)


def _may_follow(stage: Tensor, last: StagePlan, others: Sequence[Tensor]) -> bool:
    """Whether a stage may be computed within the shares of the last one, nothing of it twice."""
    if stage.reduce_axes or len(stage.results) > 1 or not last.stage.axes:
        return False
    if any(reads(other, stage) for other in others):
        return False
    count: Any = last.default()[f"{last.block}.parallel"]
    shared = last.stage.axes[:count] if count < len(last.extents) else ()
    return bool(shared) and follows(stage, last.stage, [a for a in shared if a.count > 1])
