"""One stage of an expression: the decisions its loops leave open, and their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from tvmlab.ir import dtypes
from tvmlab.ops.choices import dividing, nearest, powers
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, factored, fused, inner_extents, loop_names
from tvmlab.ops.reading import overlaps, row_axis, runs_along, trailing_run
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor

MAX_WRITTEN_OUT = 9
"""Iterations of the innermost reductions that may be written out."""

TASKS = 64
"""Shares of a parallel loop, where there is enough to share: several for every thread."""

SMALL = 1 << 12
"""Elements that are not worth sharing: of a task along memory, and of a stage before the last."""


@dataclass(frozen=True)
class StagePlan:
    """How one stage may be scheduled.

    Attributes:
        stage: the computation; of a recurrence's cell, without its steps.
        block: the name of its block.
        vectors: the registers to plan for.
        is_last: whether no other stage reads it.
        is_bound: whether it stands within the steps of a recurrence.
        may_follow: whether it may be computed within the shares of the stage that reads it.
    """

    stage: Tensor
    block: str
    vectors: VectorUnit
    is_last: bool = True
    is_bound: bool = False
    may_follow: bool = False

    @cached_property
    def merged(self) -> int:
        """How many of the last dimensions become one loop."""
        return 1 if self.stage.reduce_axes or not self.stage.axes else trailing_run(self.stage)

    @cached_property
    def extents(self) -> tuple[int, ...]:
        """The iterations of the spatial loops, the last dimensions merged."""
        kept = len(self.stage.axes) - self.merged
        return (*self.stage.extents[:kept], prod(self.stage.extents[kept:]))

    @cached_property
    def rows(self) -> int | None:
        """The loop whose iterations stand side by side in registers."""
        return row_axis(self.stage) if self.merged == 1 else None

    @cached_property
    def are_windows(self) -> bool:
        """Whether rows side by side are windows that overlap."""
        return self.rows is not None and overlaps(self.stage, self.rows)

    @property
    def size_bytes(self) -> int:
        """Of an element."""
        return dtypes.size_bytes(self.stage.dtype)

    def knobs(self) -> list[Knob]:
        """The decisions, under the block's name; none for a single number."""
        if not self.stage.axes:
            return []
        shared = ChoiceKnob(f"{self.block}.parallel", tuple(range(len(self.extents) + 1)))
        if self._chains:
            return [ChoiceKnob(f"{self.block}.partial", self._chains), shared]
        found: list[Knob] = [ChoiceKnob(f"{self.block}.tile", self._tiles)]
        if self.rows is not None:
            some = powers(16, self.extents[self.rows])
            options = (1, *(n for n in some if n > 1)) if self.are_windows else some
            found.append(ChoiceKnob(f"{self.block}.rows", options))
        elif not self.stage.reduce_axes and self.extents[-1] > SMALL:
            found.append(ChoiceKnob(f"{self.block}.task", powers(SMALL, self.extents[-1])))
        if self.stage.reduce_axes:
            deepest = self.stage.reduce_axes[0].count
            found.append(ChoiceKnob(f"{self.block}.depth", dividing(deepest, 16)))
            if self.written_out:
                found.append(ChoiceKnob(f"{self.block}.unroll", (True, False)))
        if self.may_follow:
            found.append(ChoiceKnob(f"{self.block}.inside", (True, False)))
        return [*found, shared]

    @cached_property
    def _chains(self) -> tuple[int, ...]:
        """Numbers of partial results to fold in, side by side; none where that is no use."""
        if not self.stage.reduce_axes or runs_along(self.stage, self.stage.axes[-1]):
            return ()
        if self.is_bound:
            return ()  # the partial results of a step have no nest of their own
        folded = self.stage.reduce_axes[-1]
        lanes = lane_choices(folded.count, self.size_bytes, self.vectors)
        most = folded.count if len(self.stage.reduce_axes) > 1 else folded.count - 1
        fit = tuple(n for n in lanes if 1 < n <= most and folded.count % n == 0)
        return fit if runs_along(self.stage, folded) else ()

    @cached_property
    def written_out(self) -> int:
        """How many of the innermost reductions may be written out: windows that overlap then share
        what they load."""
        count = copies = 1
        for number, axis in enumerate(reversed(self.stage.reduce_axes), 1):
            copies *= axis.count
            if copies > MAX_WRITTEN_OUT:
                break
            count = number
        return count if self.stage.reduce_axes[-1].count <= MAX_WRITTEN_OUT else 0

    @cached_property
    def _tiles(self) -> tuple[tuple[int, ...], ...]:
        """(rows, lanes) of the loop of rows and of the last one."""
        every = lane_choices(self.extents[-1], self.size_bytes, self.vectors)
        rows = [(r,) for r in ((1,) if self.rows is None else row_choices(self.extents[self.rows]))]
        lanes = (1, *(n for n in every if n > 1))
        return register_tiles(rows, lanes, self.size_bytes, self.vectors)

    def default(self) -> dict[str, Option]:
        """An option of each knob."""
        width = self.vectors.lanes(self.size_bytes)
        chosen: dict[str, Option] = {}
        for knob in self.knobs():
            name = knob.name.removeprefix(f"{self.block}.")
            options: Any = knob.options
            if name == "tile":
                chosen[name] = self._best_tile(options)
            elif name == "rows" and self.are_windows:
                chosen[name] = options[0]
            elif name in _WISHES:
                chosen[name] = nearest(options, _WISHES[name])
            elif name == "partial":
                chosen[name] = nearest(options, width)
            elif name == "parallel":
                chosen[name] = self._shared(chosen)
            else:
                chosen[name] = True
        return {f"{self.block}.{name}": option for name, option in chosen.items()}

    def _best_tile(self, tiles: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """The tile that loads least; rows of windows leave registers for what they share."""
        width = self.vectors.lanes(self.size_bytes)
        if not self.stage.reduce_axes:
            tiles = [t for t in tiles if t[0] == 1]
        elif self.are_windows:
            most = self.vectors.registers // 2
            small = [t for t in tiles if t[0] * -(-t[1] // width) <= most]
            tiles = small or tiles
        rows = 1 if self.rows is None else self.extents[self.rows]
        return best_tile(
            tiles,
            (rows, self.extents[-1]),
            self.size_bytes,
            self.vectors,
            lambda t: t[0] / self.vectors.broadcasts + t[1] / width,
        )

    def _shared(self, chosen: Mapping[str, Any]) -> int:
        """How many outer loops make tasks enough; none of a small stage that others wait for."""
        folded = prod(axis.count for axis in self.stage.reduce_axes)
        if not self.is_last and prod(self.extents) * folded <= SMALL:
            return 0
        left = list(self.extents)
        for at, inner in self._inner(chosen).items():
            left[at] = -(-left[at] // prod(inner))
        enough = (n for n in range(1, len(left)) if prod(left[:n]) >= TASKS)
        return next(enough, len(left))

    def _inner(self, chosen: Mapping[str, Any]) -> dict[int, tuple[int, ...]]:
        """For the loops that are cut, the iterations of their inner parts."""
        if "tile" not in chosen:
            return {}
        rows, lanes = chosen["tile"]
        cuts: dict[int, tuple[int, ...]] = {len(self.extents) - 1: (lanes,)}
        if "task" in chosen:
            cuts[len(self.extents) - 1] = (max(1, chosen["task"] // lanes), lanes)
        if "rows" in chosen and self.rows is not None:
            cuts[self.rows] = (max(1, chosen["rows"] // rows), rows)
        return cuts

    def nest_alone(self, schedule: Schedule, chosen: Mapping[str, Any]) -> str | None:
        """The steps for a nest of its own; the name of the loop within which a stage that it reads
        may be computed: the shared one, or that over groups of windows just inside it."""
        names = loop_names(self.stage)
        rank, kept = len(self.stage.axes), len(self.extents) - 1
        spatial = [*names[:kept], fused(schedule[self.block], names[kept:rank])]
        folded = names[rank:]
        counts = [axis.count for axis in self.stage.reduce_axes]
        extents = dict(zip([*spatial, *folded], [*self.extents, *counts], strict=True))
        loops = self._nest(extents, spatial, folded, chosen).apply(schedule[self.block])
        count = chosen["parallel"]
        if self.are_windows and self.rows == count < len(spatial) - 1:
            count += 1
        outer = [loops[n, 0] for n in spatial[:count] if (n, 0) in loops]
        return outer[-1] if outer else None

    def nest_inside(
        self, schedule: Schedule, chosen: Mapping[str, Any], reader: str, at: str
    ) -> None:
        """The steps to compute it within the loop `at` around the block `reader`, by vectors."""
        stage = schedule[self.block]
        stage.compute_at(reader, at)
        around = [str(loop) for loop in stage.loops].index(at) + 1
        own = inner_extents(schedule, self.block, around)
        if not own:
            return  # one element
        *outer, last = own
        Nest(
            own,
            [*((name, 0) for name in outer), (last, 0), (last, 1)],
            {last: (chosen["tile"][1],)},
            vectorized=(last, 1),
        ).apply(stage)

    def _nest(
        self,
        extents: Mapping[str, int],
        spatial: Sequence[str],
        folded: Sequence[str],
        chosen: Mapping[str, Any],
    ) -> Nest:
        """Outer spatial loops, long folds in parts, the rest of the space, one part, the tile."""
        cuts: dict[str, Sequence[int]] = {spatial[d]: c for d, c in self._inner(chosen).items()}
        last = len(cuts[spatial[-1]])
        tile: list[Part] = [(spatial[-1], last)]
        walk: list[Part] = [(spatial[-1], n) for n in range(1, last)]
        unrolled: list[Part] = []
        if "rows" in chosen and self.rows is not None:
            y = spatial[self.rows]
            tile = [(y, 2), *tile]
            walk = [(y, 1), *walk]
            unrolled = [(y, 2)]
        deep: list[Part] = []
        if folded:
            cuts[folded[0]] = (chosen["depth"],)
            deep = [(folded[0], 0)]
            walk += [(folded[0], 1), *((name, 0) for name in folded[1:])]
            if chosen.get("unroll"):
                for name in folded[-self.written_out :]:
                    unrolled.insert(0, (name, 1 if name == folded[0] else 0))
        return Nest(
            extents=extents,
            cuts=cuts,
            order=[*((name, 0) for name in spatial), *deep, *walk, *tile],
            parallel=chosen["parallel"],
            unrolled=unrolled,
            vectorized=(spatial[-1], last),
        )

    def fold_in_parts(self, schedule: Schedule, chosen: Mapping[str, Any]) -> None:
        """A fold in partial results side by side, as vectors, and a tree that folds those."""
        *spatial, folded = loop_names(self.stage)
        chains = folded
        if chosen["partial"] < self.stage.reduce_axes[-1].count:
            chains = str(schedule[self.block].split(folded, chosen["partial"])[1])
        partial = factored(schedule, self.block, chains)
        schedule[partial].vectorize(chains)
        schedule[self.block].tree_reduce(chains)
        wanted = spatial[: chosen["parallel"]]
        for name in (partial, self.block):
            shared = [str(loop) for loop in schedule[name].loops if str(loop) in wanted]
            if shared:
                schedule[name].parallel(fused(schedule[name], shared))


_WISHES = {"rows": 64, "depth": 256, "task": 1 << 14}
"""What a default is to be near."""
