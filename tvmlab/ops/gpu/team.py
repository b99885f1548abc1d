"""The threads of a block, and iterations shared out among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from tvmlab.ir.axis import THREAD_AXES, axis_of
from tvmlab.ir.program import For
from tvmlab.ir.walk import variables
from tvmlab.ops.nest import fused
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import Site
from tvmlab.schedule.recipes.cooperative_fetch import thread_factors


@dataclass(frozen=True)
class Team:
    """The threads of a block: (axis, how many along it), the slowest axis first."""

    axes: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, schedule: Schedule, block: str) -> Team:
        """The threads that the loops around a block are bound to."""
        found = {
            axis: loop.extent
            for loop in site_of(schedule, block).loops
            if (axis := axis_of(loop)) in THREAD_AXES and isinstance(loop.extent, int)
        }
        order = sorted(found.items(), key=lambda each: THREAD_AXES.index(str(each[0])))
        return cls(tuple((str(axis), extent) for axis, extent in reversed(order)))

    @classmethod
    def row(cls, count: int) -> Team:
        """`count` threads along x."""
        return cls((("threadIdx.x", count),))

    @property
    def size(self) -> int:
        """How many there are."""
        return prod(count for _, count in self.axes)

    def take(self, schedule: Schedule, block: str, loops: Sequence[str], lanes: int = 1) -> None:
        """Bind the iterations of `loops`, nested directly, to the threads: neighbouring threads
        take neighbouring `lanes`, which each moves at once, and then come round again.

        Raises:
            ScheduleError: a step is illegal.
        """
        stage = schedule[block]
        if not loops:
            stage.add_unit_loop()
            loops = [str(stage.loops[-1])]
        known = {o.var.name: o.extent for o in own_loops(schedule, block)}
        extent = prod(e for name in loops if isinstance(e := known[name], int))
        loop = fused(stage, loops)
        inner = [*(count for _, count in self.axes), *([lanes] if lanes > 1 else [])]
        if not inner:
            return
        made: Sequence[str] = [loop]
        factors = thread_factors(extent, inner)
        if factors:
            made = [str(part) for part in stage.split(loop, factors=factors)][-len(inner) :]
        for (axis, _), part in zip(self.axes, made, strict=False):
            stage.bind(part, axis)
        if lanes > 1:
            stage.vectorize(made[-1])


def site_of(schedule: Schedule, block: str) -> Site:
    """Where a block of the schedule stands now."""
    site = schedule.site(block)
    assert site is not None, f"{block} is a block of the schedule"
    return site


def own_loops(schedule: Schedule, block: str, at: str = "") -> list[For]:
    """The loops around a block inside the loop `at`; all of them if that is empty."""
    loops = schedule.loops_around(block)
    first = [o.var.name for o in loops].index(at) + 1 if at else 0
    return list(loops[first:])


def is_of_one(schedule: Schedule, block: str) -> Callable[[For], bool]:
    """What says of a loop around a block whether no other block is in it."""
    others = {o for name in schedule.blocks if name != block for o in schedule.loops_around(name)}
    return lambda loop: loop not in others


def loop_of(schedule: Schedule, block: str, at: str, dimension: int) -> For | None:
    """The loop inside `at` over the block's variable number `dimension`; None if there is none.

    Of a block whose loops inside `at` are not cut.
    """
    binding = site_of(schedule, block).block.bindings[dimension]
    used = variables(binding)
    return next((o for o in own_loops(schedule, block, at) if o.var in used), None)
