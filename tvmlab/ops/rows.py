"""The template of operators that work on rows: folds of a row, and values made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from tvmlab.ir import dtypes
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, blocks, extents_of, inner_extents, loop_names
from tvmlab.ops.register_tile import lane_choices, waste
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.streams import STREAM, is_streamed, stream
from tvmlab.schedule import Schedule
from tvmlab.schedule.primitives.merge import Merge
from tvmlab.te import Tensor


class RowsTemplate(ScheduleTemplate):
    """A few rows at a time through all blocks, while they are in the nearest cache.

    Everything before the last block is computed inside its loop over groups of rows. Folding a
    row is one chain of dependent operations: in `partial` chains side by side it goes by vectors,
    which changes the order of a sum, hence the step `rfactor` that says so, and a tree folds those.
    What is computed element by element joins the loop that folds it.
    """

    together = 2
    """Rows of a group by default: one's arithmetic hides the other's folds."""

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Rows of a group, partial results of a fold, lanes elsewhere, rows of a task, whether the
        blocks go row by row, whether the next group is fetched ahead, how the result is written."""
        (out,) = outputs
        *_, m, n = out.extents
        size_bytes = dtypes.size_bytes(out.dtype)
        lanes = lane_choices(n, size_bytes, self.vectors)
        most = min(4 * self.vectors.lanes(size_bytes), n - 1)
        return (
            ChoiceKnob("rows", tuple(r for r in (1, 2, 4, 8, 16) if r <= m)),
            ChoiceKnob("partial", (1, *_chains(n, most, self.vectors.lanes(size_bytes)))),
            ChoiceKnob("lanes", lanes),
            ChoiceKnob("task", powers(16, m)),
            switch("inside"),
            ChoiceKnob("ahead", (False, True)),
            STREAM,
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """A row or two at a time, while the next are on their way from memory; folds in four
        registers, or in what of them a row fills; tasks of 64."""
        (out,) = outputs
        n = out.extents[1]
        knobs: dict[str, Any] = {knob.name: knob.options for knob in self.knobs(outputs)}
        lanes = self.vectors.lanes(dtypes.size_bytes(out.dtype))
        return {
            "rows": nearest(knobs["rows"], self.together),
            "partial": max(knobs["partial"], key=lambda p: (p / -(-p // lanes) / waste(n, p), p)),
            "lanes": nearest(knobs["lanes"], 4 * lanes),
            "task": nearest(knobs["task"], 64),
            "inside": True,
            "ahead": True,
            "stream": is_streamed(out),
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Folds in parts, the last block's nest, and the others inside its groups or before it."""
        (out,) = schedule.outputs
        *before, (_, last) = blocks(schedule.outputs)
        left = [(stage, block) for stage, block in before if block in schedule.blocks]
        folds = _in_parts(schedule, left, config["partial"])
        extents = extents_of(out)
        *lead, i, j = extents
        shared = 1 + len(lead) if config["parallel"] else 0
        groups = (max(1, config["task"] // config["rows"]), config["rows"])
        loops = Nest(
            extents=extents,
            cuts={i: groups, j: (config["lanes"],)},
            order=[*((n, 0) for n in lead), (i, 0), (i, 1), (i, 2), (j, 0), (j, 1)],
            parallel=shared,
            vectorized=(j, 1),
        ).apply(schedule[out])
        outer = [*((n, 0) for n in lead), (i, 0), (i, 1)]
        around = list(dict.fromkeys(loops[part] for part in outer if part in loops))
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
        for block, chains in folds:
            schedule[block].tree_reduce(chains)
        _merge_with_folds(schedule, others)
        if config["ahead"] and config["inside"] and (i, 1) in loops:
            _fetch_ahead(schedule, others, loops[i, 1])
        if config["stream"]:
            stream(schedule[out], out, loops.get((j, 0)), config["lanes"])


def _chains(extent: int, most: int, lanes: int) -> list[int]:
    """Chains, up to `most`, that a fold of `extent` terms may go in: as many as divide it, or whole
    registers."""
    return [p for p in range(2, most + 1) if extent % p == 0 or p % lanes == 0]


def _in_parts(
    schedule: Schedule, stages: Sequence[tuple[Tensor, str]], partial: int
) -> list[tuple[str, str]]:
    """Folds in `partial` chains side by side: the blocks that fold the chains, and the loops."""
    folds: list[tuple[str, str]] = []
    for stage, block in stages:
        if stage.reduce_axes and partial > 1:
            _, chains = schedule[block].split(loop_names(stage)[-1], partial)
            schedule[block].rfactor(chains)
            folds.append((block, str(chains)))
    return folds


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
        return Nest(extents, [*outer, row, (folded, 0)], cuts, unrolled=[row])
    wide = config["partial"] if config["partial"] > 1 else config["lanes"]
    cuts[j] = (extents[j] if folded else wide,)
    order = [*outer, row, (folded, 0), (j, 0), (j, 1)]
    return Nest(extents, order, cuts, vectorized=(j, 1))


def _merge_with_folds(schedule: Schedule, others: Sequence[str]) -> None:
    """Each block that computes elements, and the one behind it that folds them: in one nest.

    As far as their loops agree; where they do not, two nests do as well.
    """
    for first, second in pairwise(others):
        made = [region.buffer for region in schedule.block(first).writes]
        reader = schedule.block(second)
        if reader.init is None or not any(region.buffer in made for region in reader.reads):
            continue
        a, b = schedule.loops_around(first), schedule.loops_around(second)
        own = [[o for o in x if o not in y] for x, y in ((a, b), (b, a))]
        for p, q in zip(*own, strict=False):
            step = Merge(first, p.var.name, second, q.var.name)
            if p.kind != "serial" or not schedule.allows(step):
                break
            schedule.apply(step)


def _fetch_ahead(schedule: Schedule, others: Sequence[str], group: str) -> None:
    """The next group's elements, as the last block does that reads them before the result."""
    for block in reversed(others):
        loops = schedule.loops_around(block)
        at = [loop.var.name for loop in loops].index(group)
        inner = [loop for loop in loops[at + 1 :] if loop.kind == "serial"]
        read = [r.buffer for r in schedule.block(block).reads if r.buffer in schedule.params]
        wide = [buffer.name for buffer in read if len(buffer.shape) > 1]
        if inner and wide:
            for name in wide:
                schedule[block].prefetch(name, group, 1, inner[-1].var.name)
            return


def _roles(schedule: Schedule, block: str, own: Mapping[str, int]) -> tuple[str, str, str]:
    """Which of a block's own loops goes over rows, over lanes, and folds; "" where none does."""
    reduced = schedule.folded_loops(block)
    spatial = ["", "", *(name for name in own if name not in reduced)]
    folded = next((name for name in own if name in reduced), "")
    is_wide = len(schedule.block(block).writes[0].bounds) > 1
    return (spatial[-2], spatial[-1], folded) if is_wide else (spatial[-1], "", folded)
