"""Multi-level tiling of a fold: SSRSRS, as Ansor and MetaSchedule tile for processors.

Spatial loops are cut four times and one loop of the fold twice. From the outside: tasks, which
threads share; the blocks of a task; steps of the fold; the tiles of a block; one step; and the
tile, rows of vectors whose sums stay in registers. What follows element for element is computed
after each block, or after each tile where the fold has one step only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from tvmlab.ir.expr import Select
from tvmlab.ir.walk import exprs, variables
from tvmlab.ops.choices import nearest, powers
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, fused, inner_extents
from tvmlab.ops.packing import pack
from tvmlab.ops.reading import loads, overlaps, runs_along, trailing_run
from tvmlab.ops.register_tile import (
    best_tile,
    lane_choices,
    register_tiles,
    row_choices,
    tiles_of_block,
)
from tvmlab.ops.stage_part import StagePart
from tvmlab.ops.stage_plan import StagePlan
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.schedule import Schedule
from tvmlab.te.graph import terms_of
from tvmlab.te.reduction import Axis
from tvmlab.tune.sketches.constant_layout import constant_operands, lay_out, tile_order
from tvmlab.tune.sketches.partial import Places

MAX_SECOND_ROWS = 4
"""Rows of a tile along a second loop: more along the first use each loaded vector more often."""

UNROLLED = (1, 64, 256)
"""Copies of a statement up to which loops of the fold inside a tile are written out."""

LARGE_BYTES = 1 << 20
"""Operands together, beyond which copying them pays: the second-level cache of a core."""

WISHES = {"rows": 64, "columns": 256, "packed columns": 512, "depth": 1024, "tasks": 64}
"""What defaults are near: iterations of blocks and steps, and how many tasks there are."""


@dataclass(frozen=True)
class Tiling(StagePart):
    """How one fold is tiled.

    Attributes:
        vectors: the registers to plan for.
        packed: whether operands are read through copies in panels.
        follower: the block computed within its blocks or tiles, if any.
        laid_out: whether constants are read through copies in the order of the tiles.
    """

    vectors: VectorUnit
    packed: bool = False
    follower: str | None = None
    laid_out: bool = False

    @property
    def word(self) -> str:
        """`tile(C)`, with what is laid out and packed, and what follows."""
        more = [", laid out"] * self.laid_out + [", packed"] * self.packed
        more += [f", then {self.follower}"] * bool(self.follower)
        return f"tile({self.block}{''.join(more)})"

    # ---- what the computation is like

    @cached_property
    def is_along_memory(self) -> bool:
        """Whether vectors along the last dimension can be loaded from the operands."""
        copied = self.constants if self.laid_out else ()
        return runs_along(self.stage, self.stage.axes[-1], copied)

    @cached_property
    def constants(self) -> dict[str, tuple[Axis, ...]]:
        """The operands that can be laid out once, with the loops that index their dimensions."""
        return constant_operands(
            self.stage, self.stage.axes[-self.merged :] if self.merged > 1 else ()
        )

    @cached_property
    def merged(self) -> int:
        """How many of the last dimensions become one loop: those that are one in memory."""
        chosen = any(isinstance(e, Select) for term in terms_of(self.stage) for e in exprs(term))
        return 1 if self.packed or chosen else trailing_run(self.stage)

    @cached_property
    def extents(self) -> tuple[int, ...]:
        """The iterations of the spatial loops, the last dimensions merged."""
        kept = len(self.stage.axes) - self.merged
        return (*self.stage.extents[:kept], prod(self.stage.extents[kept:]))

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """The loops, two at most, whose iterations stand side by side in registers.

        They are those that operands read by vectors do not depend on, the longest first; then the
        loop before the last where its windows overlap.
        """
        last = set(self.stage.axes[len(self.extents) - 1 :])
        read = [{v for i in load.indices for v in variables(i)} for load in loads(self.stage)]
        wide = {v for place in read if place & last for v in place}
        outer = [d for d in range(len(self.extents) - 1) if self.extents[d] > 1]
        free = [d for d in outer if self.stage.axes[d] not in wide]
        free.sort(key=lambda d: -self.extents[d])
        if len(self.extents) - 2 in outer and overlaps(self.stage, len(self.extents) - 2):
            free = [*free[:1], len(self.extents) - 2]
        return tuple(dict.fromkeys(free))[:2]

    @cached_property
    def serves(self) -> bool:
        """Whether something that is loaded serves several results."""
        many = {a for a, n in zip(self.stage.axes, self.stage.extents, strict=True) if n > 1}
        read = [{v for i in load.indices for v in variables(i)} for load in loads(self.stage)]
        return self._are_windows or any(many - place for place in read)

    @cached_property
    def _are_windows(self) -> bool:
        """Whether rows side by side are windows that overlap, and no operand serves them all."""
        return self.rows == (len(self.extents) - 2,) and overlaps(self.stage, self.rows[0])

    @cached_property
    def packs(self) -> dict[str, tuple[str, int]]:
        """`left` and `right`: the operand that the rows, and that the vectors, select from alone,
        and by which of its dimensions. Each serves all vectors, and all rows."""
        last = len(self.stage.axes) - 1
        wanted = {"left": self.rows[0] if self.rows else None, "right": last}
        found: dict[str, tuple[str, int]] = {}
        for side, d in wanted.items():
            axis = None if d is None else self.stage.axes[d]
            others = {self.stage.axes[o] for o in wanted.values() if o not in (None, d)}
            for load in loads(self.stage):
                used = {v for i in load.indices for v in variables(i)}
                at = [n for n, index in enumerate(load.indices) if index is axis]
                is_free = not (self.laid_out and load.buffer.name in self.constants)
                if is_free and others and len(at) == 1 and len(used) > 1 and not used & others:
                    found.setdefault(side, (load.buffer.name, at[0]))
        return found

    @cached_property
    def _plan(self) -> StagePlan:
        return StagePlan(self.stage, self.block, self.vectors)

    @cached_property
    def _deep(self) -> int:
        """The loop of the fold that is cut: the longest."""
        axes = self.stage.reduce_axes
        return max(range(len(axes)), key=lambda n: axes[n].count)

    @cached_property
    def tiles(self) -> tuple[tuple[int, ...], ...]:
        """(*rows, lanes) whose sums fit in the registers."""
        lanes = lane_choices(self.extents[-1], self.size_bytes, self.vectors)
        rows: list[tuple[int, ...]] = [()]
        for n, d in enumerate(self.rows):
            most = self.extents[d] if n == 0 else MAX_SECOND_ROWS
            choices = [r for r in row_choices(self.extents[d]) if r <= most]
            rows = [(*r, c) for r in rows for c in choices or [1]]
        return register_tiles(rows, lanes, self.size_bytes, self.vectors)

    # ---- decisions

    def knobs(self) -> list[Knob]:
        """The tile; for every loop the iterations of a task and of a block; the steps at once, the
        walk over the tiles of a block, what is written out and whether in turned order, so that
        windows one below the other share what they load; what is packed."""
        found: list[Knob] = [ChoiceKnob(f"{self.block}.tile", self.tiles)]
        for d in range(len(self.extents)):
            if self.extents[d] > 1:
                found.append(ChoiceKnob(self._knob(d), self._sizes(d)))
        deepest = self.stage.reduce_axes[self._deep].count
        found.append(ChoiceKnob(f"{self.block}.depth", powers(16, deepest)))
        if self.rows:
            found.append(ChoiceKnob(f"{self.block}.inner", ("columns", "rows")))
        if self._plan.written_out:
            found.append(ChoiceKnob(f"{self.block}.unroll", UNROLLED))
        if self._plan.written_out > 1:
            found.append(
                ChoiceKnob(f"{self.block}.turned", (self._are_windows, not self._are_windows))
            )
        if self.packed:
            found.append(ChoiceKnob(f"{self.block}.pack", self._pack_options))
        return found

    def _knob(self, d: int) -> str:
        return f"{self.block}.{self.spatial[d]}"

    def _sizes(self, d: int) -> tuple[tuple[int, int], ...]:
        """(task, block) in iterations of loop `d`."""
        extent = self.extents[d]
        is_last = d == len(self.extents) - 1
        low = 64 if is_last else 16 if d in self.rows[:1] else 1
        ladder = powers(low, extent)
        return tuple((task, block) for task in ladder for block in ladder if block <= task)

    @cached_property
    def _pack_options(self) -> tuple[str, ...]:
        both = ("both",) if len(self.packs) == 2 else ()
        every = (*both, *self.packs)
        return every if self.is_along_memory else tuple(o for o in every if o != "left")

    def default(self) -> dict[str, Option]:
        """The tile that loads least for each multiply-add, blocks for the caches, tasks enough."""
        chosen: dict[str, Option] = {}
        tile = self._best_tile()
        for knob in self.knobs():
            name = knob.name.removeprefix(f"{self.block}.")
            options: Any = knob.options
            if name == "tile":
                chosen[knob.name] = tile
            elif name == "depth":
                chosen[knob.name] = nearest(options, WISHES["depth"])
            elif name == "unroll":
                chosen[knob.name] = UNROLLED[-1]
            else:
                chosen[knob.name] = options[0]
        return chosen | self._default_sizes()

    def _default_sizes(self) -> dict[str, Option]:
        """Blocks of some rows and columns, and one iteration of each other loop, a block a task."""
        sizes: dict[str, Option] = {}
        for d, extent in enumerate(self.extents):
            if extent == 1:
                continue
            options = [pair for pair in self._sizes(d) if pair[0] == pair[1]]
            wish = WISHES["rows"] if d in self.rows[:1] else 1
            if d == len(self.extents) - 1:
                wish = WISHES["packed columns" if self.packed else "columns"]
            block = nearest([block for _, block in options], wish)
            sizes[self._knob(d)] = (block, block)
        return sizes

    def _best_tile(self) -> tuple[int, ...]:
        width = self.vectors.lanes(self.size_bytes)
        axes = [*(self.stage.axes[d] for d in self.rows), self.stage.axes[-1]]
        read = [{v for i in load.indices for v in variables(i)} for load in loads(self.stage)]

        def cost(tile: tuple[int, ...]) -> float:
            total = 0.0
            for place in read:
                own = [t for axis, t in zip(axes, tile, strict=True) if axis in place]
                total += prod(own) / (width if axes[-1] in place else self.vectors.broadcasts)
            return total

        extents = [*(self.extents[d] for d in self.rows), self.extents[-1]]
        tiles = self.tiles
        if self._are_windows:
            # What windows share stays in registers as well.
            room = self.vectors.registers // 2
            few = [t for t in tiles if prod(t[:-1]) * -(-t[-1] // width) <= room]
            tiles = tuple(few) or tiles
        return best_tile(tiles, extents, self.size_bytes, self.vectors, cost)

    # ---- steps

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """Copies, the nest, and what follows in it."""
        chosen = {
            name.removeprefix(f"{self.block}."): option
            for name, option in config.items()
            if name.startswith(f"{self.block}.")
        }
        if self.laid_out:
            self._lay_out(schedule, chosen)
        if self.packed:
            self._pack(schedule, chosen)
        kept = len(self.extents) - 1
        last = fused(schedule[self.block], self.spatial[kept:])
        spatial, folded = [*self.spatial[:kept], last], self.folded
        nest = self._nest(spatial, folded, chosen)
        loops = nest.apply(schedule[self.block])
        levels = [[(n, level) for n in spatial if (n, level) in loops] for level in range(3)]
        outer = [loops[part] for part in (*levels[0], *levels[1])]
        if outer:
            places[self.block] = outer[-1]
        if self.follower is not None:
            is_whole = (folded[self._deep], 0) not in loops
            walk = [part for part in nest.order if part in levels[2]]
            tiles = [loops[part] for part in walk] if is_whole else []
            self._follow(schedule, [*outer, *tiles], is_tile=bool(tiles))

    def _pack(self, schedule: Schedule, chosen: Mapping[str, Any]) -> None:
        tile = dict(zip([*self.rows, "right"], chosen["tile"], strict=True))
        widths = {"left": tile[self.rows[0]] if self.rows else 1, "right": tile["right"]}
        for side, (operand, dimension) in self.packs.items():
            if chosen["pack"] in (side, "both"):
                pack(schedule, self.block, operand, dimension, widths[side], parallel=True)

    def _lay_out(self, schedule: Schedule, chosen: Mapping[str, Any]) -> None:
        tile = dict(zip([*self.rows, len(self.stage.axes) - 1], chosen["tile"], strict=True))
        sizes = {axis: tile.get(d, 1) for d, axis in enumerate(self.stage.axes)}
        folded = dict(zip(self.folded, self.stage.reduce_axes, strict=True))
        along = [folded[name] for name, _ in self._steps(chosen)]
        for operand, axes in self.constants.items():
            lay_out(schedule, self.block, operand, tile_order(axes, sizes, along))

    def _steps(self, chosen: Mapping[str, Any]) -> list[Part]:
        """The loops of the fold within a tile, outermost first."""
        deep = self.folded[self._deep]
        steps: list[Part] = [(name, int(name == deep)) for name in self.folded]
        if chosen.get("turned"):
            few = self._plan.written_out
            steps[-few:] = steps[: -few - 1 : -1]
        return steps

    def _nest(
        self, spatial: Sequence[str], folded: Sequence[str], chosen: Mapping[str, Any]
    ) -> Nest:
        """Tasks, blocks, steps of the fold, tiles, one step, the tile."""
        tile = {self.rows[n]: size for n, size in enumerate(chosen["tile"][:-1])}
        tile[len(spatial) - 1] = chosen["tile"][-1]
        cuts: dict[str, Sequence[int]] = {}
        for d, name in enumerate(spatial):
            if self.extents[d] > 1:
                task, block = chosen[self._knob(d).removeprefix(f"{self.block}.")]
                inner = tile.get(d, 1)
                tiles = tiles_of_block(self.extents[d], inner, block)
                blocks = tiles_of_block(-(-self.extents[d] // inner), tiles, task // inner)
                cuts[name] = (blocks, tiles, inner)
        deep = folded[self._deep]
        cuts[deep] = (chosen["depth"],)
        rows = [spatial[d] for d in self.rows]
        last = spatial[-1]
        walk = [*rows, last] if chosen.get("inner") != "rows" else [last, *rows]
        others = [name for name in spatial if name not in walk]
        steps = self._steps(chosen)
        return Nest(
            extents=dict(
                zip(
                    [*spatial, *folded],
                    [*self.extents, *(axis.count for axis in self.stage.reduce_axes)],
                    strict=True,
                )
            ),
            cuts=cuts,
            order=[
                *((name, 0) for name in spatial),
                *((name, 1) for name in spatial),
                (deep, 0),
                *((name, 2) for name in (*others, *walk)),
                *steps,
                *((name, 3) for name in (*rows, last)),
            ],
            parallel=len(spatial),
            unrolled=[*self._written_out(steps, chosen), *((name, 3) for name in rows)],
            vectorized=(last, 3),
        )

    def _written_out(self, steps: Sequence[Part], chosen: Mapping[str, Any]) -> list[Part]:
        """The innermost loops of the fold, as many as the copies of a statement allow."""
        copies = prod(chosen["tile"][:-1])
        counts = dict(
            zip(self.folded, (axis.count for axis in self.stage.reduce_axes), strict=True)
        )
        found: list[Part] = []
        for name, level in reversed(steps[len(steps) - self._plan.written_out :]):
            copies *= min(counts[name], chosen["depth"]) if level else counts[name]
            if copies > chosen["unroll"]:
                break
            found.insert(0, (name, level))
        return found

    def _follow(self, schedule: Schedule, loops: Sequence[str], is_tile: bool) -> None:
        """Compute the follower in the innermost of `loops`, by vectors; in tiles written out."""
        assert self.follower is not None, "asked for by a tiling that has one"
        around = 0
        if loops:
            schedule[self.follower].reverse_compute_at(self.block, loops[-1])
            names = [str(loop) for loop in schedule[self.follower].loops]
            around = names.index(loops[-1]) + 1
        own = inner_extents(schedule, self.follower, around)
        if not own:
            return
        *outer, last = own
        lanes = lane_choices(own[last], self.size_bytes, self.vectors)[-1]
        Nest(
            extents=own,
            cuts={last: (lanes,)},
            order=[*((name, 0) for name in outer), (last, 0), (last, 1)],
            unrolled=[(name, 0) for name in outer] if is_tile else (),
            vectorized=(last, 1),
        ).apply(schedule[self.follower])
