"""The schedule of a fused group: its anchor's own steps, and the others drawn into its loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tvmlab.errors import ScheduleError
from tvmlab.graph.fusion import Group
from tvmlab.graph.lowering import Expression, express
from tvmlab.ir import dtypes
from tvmlab.ir.program import LANES
from tvmlab.ir.walk import variables
from tvmlab.ops import template_for
from tvmlab.ops.nest import Nest, extents_of, inner_extents
from tvmlab.ops.register_tile import lane_choices
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.schedule.find import find_site, sites
from tvmlab.schedule.step import Step
from tvmlab.targets.cpu.host_vectors import host_vectors
from tvmlab.te import Tensor

Choose = Callable[[Tensor], Sequence[Step]]
"""The steps with which an expression by itself is scheduled."""

MAX_WRITTEN_OUT = 64
"""Vectors of a consumer's tile that are written out; the anchor's tile has fewer."""


def default_steps(out: Tensor) -> Sequence[Step]:
    """The steps of the library's template at its default configuration."""
    template = template_for(out, vectors=host_vectors())
    schedule = create_schedule(out)
    template.apply(schedule, template.default([out]))
    return schedule.trace.steps


def scheduled(group: Group, choose: Choose = default_steps) -> tuple[Expression, Schedule]:
    """The group's expression and its schedule.

    The anchor is scheduled as if it stood alone. What comes before it, and between it and the
    result, is inlined; the result follows at the innermost of its loops that finishes elements
    (`reverse_compute_at`), or in a nest of its own where no loop does.
    """
    expression = express(group.nodes, [group.result], group.anchor)
    alone = express([group.anchor], [group.anchor], group.anchor)
    schedule = create_schedule(expression.outputs)
    for node in reversed(group.nodes):  # readers first: each is inlined as it was written
        if node not in (group.anchor, group.result):
            schedule[expression.tensors[node]].compute_inline()
    _apply_chosen(schedule, choose, alone.outputs[0])
    if group.result is not group.anchor:
        anchor, result = (expression.tensors[n] for n in (group.anchor, group.result))
        _follow(schedule, anchor, result)
    return expression, schedule


def _apply_chosen(schedule: Schedule, choose: Choose, alone: Tensor) -> None:
    """Schedule the anchor as chosen, or as the library does where a step makes no sense in company:
    one that names an array which is inlined here, say."""
    try:
        schedule.apply_all(choose(alone))
    except ScheduleError:
        if choose is default_steps:
            raise
        schedule.apply_all(default_steps(alone))


def _follow(schedule: Schedule, anchor: Tensor, result: Tensor) -> None:
    """Compute `result` where its elements of `anchor` are finished, by vectors."""
    stage, ahead = schedule[result], _writer(schedule, anchor)
    loops = _finishing_loops(schedule, ahead)
    for around in range(len(loops), 0, -1):
        try:
            stage.reverse_compute_at(ahead, loops[around - 1])
        except ScheduleError:
            continue  # elements that are not a box, say: a loop further out may do
        extents = inner_extents(schedule, stage.name, around)
        _vectors(extents, result, parallel=0).apply(stage)
        return
    extents = extents_of(result)
    _vectors(extents, result, parallel=max(1, len(extents) - 1)).apply(stage)


def _writer(schedule: Schedule, tensor: Tensor) -> str:
    """The block that writes `tensor`: its own, or one that copies what was computed elsewhere."""
    blocks = [site.block for site in sites(schedule.mod)]
    return next(b.name for b in blocks if tensor.name in [w.buffer.name for w in b.writes])


def _finishing_loops(schedule: Schedule, block: str) -> list[str]:
    """The block's loops outside its reduction and outside all lanes, outermost first."""
    site = find_site(schedule.mod, block)
    assert site is not None, f"{block} is a block of the schedule"
    pairs = zip(site.block.iters, site.block.bindings, strict=True)
    folding = {var for it, value in pairs if it.is_reduce for var in variables(value)}
    found = []
    for loop in site.loops:
        if loop.var in folding or loop.kind in LANES:
            break
        found.append(loop.var.name)
    return found


def _vectors(extents: dict[str, int], result: Tensor, parallel: int) -> Nest:
    """The result's loops: lanes innermost, the others written out where they are few."""
    if not extents:
        return Nest(extents, [])
    *outer, last = extents
    lanes = lane_choices(extents[last], dtypes.size_bytes(result.dtype), host_vectors())[-1]
    count = 1
    written_out = []
    for name in reversed(outer):
        count *= extents[name]
        if count <= MAX_WRITTEN_OUT and not parallel:
            written_out.append((name, 0))
    return Nest(
        extents=extents,
        cuts={last: (lanes,)},
        order=[*((name, 0) for name in outer), (last, 0), (last, 1)],
        parallel=parallel,
        unrolled=written_out,
        vectorized=(last, 1),
    )
