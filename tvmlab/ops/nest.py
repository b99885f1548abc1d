"""One block's loops, cut, ordered and annotated by a plan instead of step by step.

A plan speaks of *parts*: `("y", 0)` is the outermost loop that the cut of loop `y` leaves,
`("y", 1)` the next one inside. Parts of one iteration are never made, so a plan may name them and
the trace stays free of loops that do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

from tvmlab.schedule import Loop, Schedule
from tvmlab.schedule.stage import Stage
from tvmlab.te import Tensor
from tvmlab.te.graph import block_names, stages, unique_names

Part = tuple[str, int]
"""A loop of the expression by name, and the level of its cut, 0 outermost."""


def loop_names(tensor: Tensor) -> list[str]:
    """The names of a computation's loops, spatial ones first, as its block has them."""
    return list(_loop_names(tensor))


@lru_cache(maxsize=256)
def _loop_names(tensor: Tensor) -> tuple[str, ...]:
    """Kept: a search asks for every configuration."""
    return tuple(unique_names([axis.name for axis in (*tensor.axes, *tensor.reduce_axes)]))


def blocks(outputs: Sequence[Tensor]) -> list[tuple[Tensor, str]]:
    """The computations with the names of their blocks, producers first."""
    return list(_blocks(tuple(outputs)))


@lru_cache(maxsize=64)
def _blocks(outputs: tuple[Tensor, ...]) -> tuple[tuple[Tensor, str], ...]:
    """Kept: a search asks for every configuration."""
    names = block_names(outputs)
    return tuple((stage, names[stage]) for stage in stages(outputs))


def extents_of(tensor: Tensor) -> dict[str, int]:
    """A computation's loops and their iterations, before any step."""
    extents = (*tensor.extents, *(axis.count for axis in tensor.reduce_axes))
    return dict(zip(loop_names(tensor), extents, strict=True))


def inner_extents(schedule: Schedule, block: str, around: int) -> dict[str, int]:
    """A block's loops and their iterations now, the outermost `around` loops left out."""
    loops = schedule.loops_around(block)[around:]
    return {o.var.name: o.extent for o in loops if isinstance(o.extent, int)}


def fused(stage: Stage, loops: Sequence[str]) -> str:
    """The loop that `loops`, at least one, become: by name, after the step if there are several."""
    return str(stage.fuse(*loops)) if len(loops) > 1 else loops[0]


def factored(schedule: Schedule, block: str, loop: str) -> str:
    """The block of partial results that `block` has after rfactor of `loop`, by name."""
    known = set(schedule.blocks)
    schedule[block].rfactor(loop)
    (partial,) = set(schedule.blocks) - known
    return partial


def extents_inside(schedule: Schedule, block: str, loop: str) -> dict[str, int]:
    """A block's loops inside `loop`, one around it, and their iterations."""
    around = [str(each) for each in schedule[block].loops].index(loop) + 1
    return inner_extents(schedule, block, around)


@dataclass(frozen=True)
class Nest:
    """How the loops of one block are to be.

    Attributes:
        extents: the block's loops and their iterations, outermost first.
        order: every part, outermost first.
        cuts: loop -> iterations of its inner parts, outermost first; the outermost part takes
            what is left, rounded up. A loop that is not here stays whole, as its part 0.
        parallel: how many of the first parts are fused and shared out among threads.
        unrolled: the parts written out.
        vectorized: the part that becomes vector lanes.
    """

    extents: Mapping[str, int]
    order: Sequence[Part]
    cuts: Mapping[str, Sequence[int]] = field(default_factory=dict)
    parallel: int = 0
    unrolled: Sequence[Part] = ()
    vectorized: Part | None = None

    def apply(self, stage: Stage) -> dict[Part, str]:
        """Append the steps to the stage's schedule; the loops that the parts became, by name.

        Raises:
            ScheduleError: a step is illegal.
        """
        loops: dict[Part, str] = {}
        for name in self.extents:
            loops |= self._cut(stage, name)
        wanted = [loops[part] for part in self.order if part in loops]
        if wanted != [str(loop) for loop in stage.loops if str(loop) in wanted]:
            stage.reorder(*wanted)
        shared = [part for part in self.order[: self.parallel] if part in loops]
        if len(shared) > 1:
            loops |= dict.fromkeys(shared, fused(stage, [loops[part] for part in shared]))
        if self.vectorized in loops:
            stage.vectorize(loops[self.vectorized])
        for part in self.unrolled:
            if part in loops:
                stage.unroll(loops[part])
        if shared:
            stage.parallel(loops[shared[0]])
        return loops

    def _cut(self, stage: Stage, name: str) -> dict[Part, str]:
        """The parts of one loop that have more than one iteration, after its split."""
        extent = self.extents[name]
        inner = {n: size for n, size in enumerate(self.cuts.get(name, ()), 1) if size > 1}
        outer = -(-extent // prod(inner.values()))
        if outer == 1 and inner:
            # The first inner part is the outermost one: it takes what is left.
            first = min(inner)
            left = -(-extent // prod(size for n, size in inner.items() if n != first))
            sizes = {first: left, **{n: size for n, size in inner.items() if n != first}}
        else:
            sizes = {0: outer, **inner}
        if len(sizes) == 1:
            return {(name, n): name for n in sizes}
        made: tuple[Loop, ...] = stage.split(name, factors=(None, *list(sizes.values())[1:]))
        return {(name, n): str(loop) for n, loop in zip(sizes, made, strict=True)}
