"""The template of operators that work on rows: folds of a row, and values made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tvmlab.ir import dtypes
from tvmlab.ir.walk import variables
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, blocks, extents_of, inner_extents, loop_names
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site
from tvmlab.te import Tensor


class RowsTemplate(ScheduleTemplate):
    """A few rows at a time through all blocks, while they are in the nearest cache.

    Everything before the last block is computed inside its loop over groups of rows. Folding a
    row is one chain of dependent operations: in `partial` chains side by side it goes by vectors,
    which changes the order of a sum, hence the step `rfactor` that says so.
    """

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Rows of a group, partial results of a fold, lanes elsewhere, and rows of a task."""
        (out,) = outputs
        m, n = out.extents
        lanes = lane_choices(n, dtypes.size_bytes(out.dtype), self.vectors)
        return (
            ChoiceKnob("rows", tuple(r for r in (1, 2, 4, 8, 16) if r <= m)),
            ChoiceKnob("partial", (1, *(p for p in lanes if 1 < p < n and n % p == 0))),
            ChoiceKnob("lanes", lanes),
            ChoiceKnob("task", powers(16, m)),
            switch("inside"),
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """One row at a time, folded in one register, otherwise by four; tasks of 256 rows."""
        (out,) = outputs
        knobs: dict[str, Any] = {knob.name: knob.options for knob in self.knobs(outputs)}
        lanes = self.vectors.lanes(dtypes.size_bytes(out.dtype))
        return {
            "rows": 1,
            "partial": nearest(knobs["partial"], lanes),
            "lanes": nearest(knobs["lanes"], 4 * lanes),
            "task": nearest(knobs["task"], 256),
            "inside": True,
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Folds in parts, the last block's nest, and the others inside its groups or before it."""
        (out,) = schedule.outputs
        *before, (_, last) = blocks(schedule.outputs)
        if config["partial"] > 1:
            for stage, block in before:
                if stage.reduce_axes:
                    j = loop_names(stage)[-1]
                    _, chains = schedule[block].split(j, config["partial"])
                    schedule[block].rfactor(chains)
        extents = extents_of(out)
        i, j = extents
        shared = 1 if config["parallel"] else 0
        groups = (max(1, config["task"] // config["rows"]), config["rows"])
        loops = Nest(
            extents=extents,
            cuts={i: groups, j: (config["lanes"],)},
            order=[(i, 0), (i, 1), (i, 2), (j, 0), (j, 1)],
            parallel=shared,
            vectorized=(j, 1),
        ).apply(schedule[out])
        around = [loops[part] for part in ((i, 0), (i, 1)) if part in loops]
        others = [block for block in schedule.blocks if block != last]
        if config["inside"] and around:
            for block in reversed(others):
                schedule[block].compute_at(last, around[-1])
            for block in others:
                _nest_of(schedule, block, len(around), config).apply(schedule[block])
        else:
            for block in others:
                nest = _nest_of(schedule, block, 0, config, groups)
                replace(nest, parallel=shared).apply(schedule[block])


def _nest_of(
    schedule: Schedule,
    block: str,
    around: int,
    config: Mapping[str, Any],
    groups: tuple[int, ...] = (),
) -> Nest:
    """The nest of a block before the last one, `around` loops of another left out.

    Args:
        groups: how its rows are cut; not at all where it stands inside a group.
    """
    extents = inner_extents(schedule, block, around)
    i, j, folded = _roles(schedule, block, extents)
    row: Part = (i, len(groups))
    outer: list[Part] = [(i, level) for level in range(len(groups))]
    cuts: dict[str, tuple[int, ...]] = {i: groups}
    if not j:  # one number for each row
        return Nest(extents, [*outer, (folded, 0), row], cuts, unrolled=[row])
    cuts[j] = (extents[j] if folded else config["lanes"],)
    order = [*outer, row, (folded, 0), (j, 0), (j, 1)]
    return Nest(extents, order, cuts, vectorized=(j, 1))


def _roles(schedule: Schedule, block: str, own: Mapping[str, int]) -> tuple[str, str, str]:
    """Which of a block's own loops goes over rows, over lanes, and folds; "" where none does."""
    site = find_site(schedule.mod, block)
    assert site is not None, f"{block} is a block of the schedule"
    reduced = {
        variable.name
        for it, binding in zip(site.block.iters, site.block.bindings, strict=True)
        if it.is_reduce
        for variable in variables(binding)
    }
    spatial = ["", "", *(name for name in own if name not in reduced)]
    folded = next((name for name in own if name in reduced), "")
    is_wide = len(site.block.writes[0].bounds) > 1
    return (spatial[-2], spatial[-1], folded) if is_wide else (spatial[-1], "", folded)
