"""The template for expressions that the library does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from tvmlab.arith.simplify import linear
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.walk import exprs, variables
from tvmlab.ops.choices import dividing, nearest, powers
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, blocks, extents_of, loop_names
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import recurrences, terms_of
from tvmlab.te.reduction import Axis

MAX_WRITTEN_OUT = 8
"""Iterations of an innermost reduction that may be written out."""


class GenericTemplate(ScheduleTemplate):
    """Each stage by itself: its last dimension as vectors, the one before it in registers, long
    folds in parts, and the outermost loops shared out among threads. Where vectors along the last
    dimension would gather, and a fold runs along memory, the fold is cut in partial results. The
    cell of a recurrence is scheduled within a step."""

    kind = "generic"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """For each stage, under its block's name: `tile`, `rows`, `depth`, `unroll`, `partial`,
        `parallel`; those with nothing to decide are left out."""
        return tuple(
            knob for stage, block in _parts(outputs) for knob in self._stage_knobs(stage, block)
        )

    def _stage_knobs(self, stage: Tensor, block: str) -> list[Knob]:
        rank = len(stage.axes)
        if rank == 0:
            return []
        shared = ChoiceKnob(f"{block}.parallel", tuple(range(rank + 1)))
        chains = self._chains(stage)
        if chains:
            return [ChoiceKnob(f"{block}.partial", chains), shared]
        found: list[Knob] = [ChoiceKnob(f"{block}.tile", self._tiles(stage))]
        if _has_rows(stage):
            found.append(ChoiceKnob(f"{block}.rows", powers(16, stage.extents[-2])))
        if stage.reduce_axes:
            found.append(ChoiceKnob(f"{block}.depth", dividing(stage.reduce_axes[0].count, 16)))
            if 1 < stage.reduce_axes[-1].count <= MAX_WRITTEN_OUT:
                found.append(ChoiceKnob(f"{block}.unroll", (True, False)))
        return [*found, shared]

    def _chains(self, stage: Tensor) -> tuple[int, ...]:
        """Numbers of partial results to fold in, side by side; none where that is no use."""
        if not stage.reduce_axes or runs_along(stage, stage.axes[-1]):
            return ()
        if isinstance(stage, _WithinStep):
            return ()  # the partial results of a step have no nest of their own
        folded = stage.reduce_axes[-1]
        lanes = lane_choices(folded.count, dtypes.size_bytes(stage.dtype), self.vectors)
        fit = tuple(n for n in lanes if 1 < n < folded.count and folded.count % n == 0)
        return fit if runs_along(stage, folded) else ()

    def _tiles(self, stage: Tensor) -> tuple[tuple[int, ...], ...]:
        """(rows, lanes) of the last two dimensions."""
        size_bytes = dtypes.size_bytes(stage.dtype)
        lanes = (
            1,
            *(n for n in lane_choices(stage.extents[-1], size_bytes, self.vectors) if n > 1),
        )
        rows = [(r,) for r in (row_choices(stage.extents[-2]) if _has_rows(stage) else (1,))]
        return register_tiles(rows, lanes, size_bytes, self.vectors)

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Vectors of the last dimension, rows where they save loads, threads outermost."""
        config: dict[str, Option] = {}
        for stage, block in _parts(outputs):
            size_bytes = dtypes.size_bytes(stage.dtype)
            width = self.vectors.lanes(size_bytes)
            for knob in self._stage_knobs(stage, block):
                name = knob.name.removeprefix(f"{block}.")
                options: Any = knob.options
                choice: Option
                if name == "tile":
                    rows = stage.extents[-2] if len(stage.axes) > 1 else 1
                    choice = best_tile(
                        options if stage.reduce_axes else [t for t in options if t[0] == 1],
                        (rows, stage.extents[-1]),
                        size_bytes,
                        self.vectors,
                        lambda t, width=width: t[0] / 2 + t[1] / width,  # type: ignore[misc]
                    )
                elif name == "rows":
                    choice = nearest(options, 64)
                elif name == "depth":
                    choice = nearest(options, 256)
                elif name == "unroll":
                    choice = True
                elif name == "partial":
                    choice = nearest(options, width)
                else:
                    choice = _shared_loops(stage)
                config[knob.name] = choice
        return config

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """A nest for each stage that has loops to cut."""
        for stage, block in _parts(schedule.outputs):
            if stage.axes:
                chosen = {
                    name.removeprefix(f"{block}."): option
                    for name, option in config.items()
                    if name.startswith(f"{block}.")
                }
                if "partial" in chosen:
                    _fold_in_parts(schedule, stage, block, chosen)
                else:
                    _nest(stage, chosen).apply(schedule[block])


class _WithinStep(Tensor):
    """A computation of a cell without its first dimension, the steps."""

    __slots__ = ()

    def __init__(self, stage: Tensor) -> None:
        super().__init__(stage.name, stage.shape[1:], stage.dtype, stage.axes[1:], stage.body)


def _parts(outputs: Sequence[Tensor]) -> list[tuple[Tensor, str]]:
    """The computations, as far as their loops may be scheduled, with the names of their blocks."""
    cells = {stage for r in recurrences(outputs) for stage in r.cell}
    return [(_WithinStep(s) if s in cells else s, block) for s, block in blocks(outputs)]


def runs_along(stage: Tensor, axis: Axis) -> bool:
    """Whether neighbours along `axis` read neighbours in memory, every second, or the same."""
    for load in (e for value in terms_of(stage) for e in exprs(value)):
        if isinstance(load, Load) and load.indices:
            *outer, last = load.indices
            if any(axis in variables(index) for index in outer):
                return False
            if axis in variables(last) and not 0 <= linear(last, {}).terms.get(axis, 3) <= 2:
                return False
    return True


def _has_rows(stage: Tensor) -> bool:
    """Whether rows side by side save loads: they share a fold's operands, or cache lines."""
    is_plain = not stage.reduce_axes and runs_along(stage, stage.axes[-1])
    return len(stage.axes) > 1 and not is_plain


def _fold_in_parts(
    schedule: Schedule, stage: Tensor, block: str, chosen: Mapping[str, Any]
) -> None:
    """A fold in partial results side by side, which are vectors, and a tree that folds those."""
    known = set(schedule.blocks)
    names = loop_names(stage)
    spatial = names[: len(stage.axes)]
    _, chains = schedule[block].split(names[-1], chosen["partial"])
    schedule[block].rfactor(chains)
    (partial,) = set(schedule.blocks) - known
    schedule[partial].vectorize(str(chains))
    schedule[block].tree_reduce(str(chains))
    for name in (partial, block):
        # Loops of one iteration may be gone.
        here = [loop for loop in schedule[name].loops if str(loop) in spatial]
        shared = here[: chosen["parallel"]]
        if shared:
            outermost = schedule[name].fuse(*shared) if len(shared) > 1 else shared[0]
            schedule[name].parallel(outermost)


def _shared_loops(stage: Tensor) -> int:
    """How many outer loops give every thread several tasks: as few as make 64 of them."""
    for count in range(1, len(stage.axes)):
        if prod(stage.extents[:count]) >= 64:
            return count
    return max(1, len(stage.axes) - 1)


def _nest(stage: Tensor, chosen: Mapping[str, Any]) -> Nest:
    """Outer spatial loops, long folds in parts, the rest of the space, one part, the tile."""
    extents = extents_of(stage)
    names = list(extents)
    rank = len(stage.axes)
    spatial, folded = names[:rank], names[rank:]
    rows, lanes = chosen["tile"]
    x = spatial[-1]
    cuts: dict[str, Sequence[int]] = {x: (lanes,)}
    tile: list[Part] = [(x, 1)]
    walk: list[Part] = []
    unrolled: list[Part] = []
    if "rows" in chosen:
        y = spatial[-2]
        cuts[y] = (max(1, chosen["rows"] // rows), rows)
        tile = [(y, 2), (x, 1)]
        walk = [(y, 1)]
        unrolled = [(y, 2)]
    outer: list[Part] = [(name, 0) for name in spatial]
    deep: list[Part] = []
    if folded:
        cuts[folded[0]] = (chosen["depth"],)
        deep = [(folded[0], 0)]
        walk += [(folded[0], 1), *((name, 0) for name in folded[1:])]
        if chosen.get("unroll"):
            last = folded[-1]
            unrolled.insert(0, (last, 1 if last == folded[0] else 0))
    return Nest(
        extents=extents,
        cuts=cuts,
        order=[*outer, *deep, *walk, *tile],
        parallel=chosen["parallel"],
        unrolled=unrolled,
        vectorized=(x, 1),
    )
