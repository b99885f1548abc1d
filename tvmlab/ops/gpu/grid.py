"""Blocks of threads: the loops that make the grid, and what a block stores when it is done."""

from __future__ import annotations

from collections.abc import Collection

from tvmlab.ir.axis import BLOCK_AXES
from tvmlab.ops.nest import fused
from tvmlab.schedule import Schedule


def bind_to_grid(schedule: Schedule, block: str, inner: Collection[str]) -> str:
    """Bind the loops around `block` but the `inner` ones to the grid; the innermost of them.

    Those beyond the axes of a grid are fused; where there are none, one block does it all.

    Raises:
        ScheduleError: a step is illegal.
    """
    stage = schedule[block]
    names = [str(loop) for loop in stage.loops if str(loop) not in inner]
    if not names:
        stage.add_unit_loop(stage.loops[0])
        names = [str(stage.loops[0])]
    last = names[-(len(BLOCK_AXES) - 1) :] if len(names) > 2 else names
    first = names[: -len(last)] if len(names) > 2 else []
    bound = [*([fused(stage, first)] if first else []), *last]
    for axis, name in zip(BLOCK_AXES, reversed(bound), strict=False):
        stage.bind(name, axis)
    return bound[-1]


def stored_apart(schedule: Schedule, block: str) -> str:
    """The block that stores what `block` computes in a buffer of its own, by name.

    Raises:
        ScheduleError: `block` cannot have a buffer of its own.
    """
    known = set(schedule.blocks)
    schedule[block].cache_write()
    (store,) = set(schedule.blocks) - known
    return store
