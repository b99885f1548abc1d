"""Two products with rows between them, as one kernel: attention on TensorCores.

A block of threads takes some rows. It makes all scores of them, by turns of columns, in shared
memory; there its warps fold each row and compute what is made from it; and the second product
takes its left operand from there as well. So nothing but operands and results is in the device's
memory. Rows that are too long for shared memory are made part by part (`online_part`), or left to
kernels of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, ClassVar, Self

from tvmlab.intrin.matrix_tiles import Family
from tvmlab.ir import dtypes
from tvmlab.ops.gpu.matrix_part import (
    MOST_WARPS,
    RESULT_BYTES,
    STEPS,
    USUAL_THREADS,
    Cut,
    MatrixPart,
)
from tvmlab.ops.gpu.matrix_product import MatrixProduct
from tvmlab.ops.gpu.team import Team, own_loops, site_of
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.gpu.warp_tiles import BANKS, LANES, Inside, Share, Tiled, WarpTiles
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import factored
from tvmlab.ops.stage_part import StagePart
from tvmlab.ops.stages import Stages
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor

TILE = 16
"""Rows, columns and terms that tiles of every family divide."""

COLUMNS = (64, 128, 256)
"""Columns of the first product of a turn, of which every warp beside another has some."""

MOST_FEATURES = 256
"""Columns of the second product, all of which a block has in registers."""

MOST_SHARED_BYTES = 64 << 10
"""Shared memory that a block may ask for on every GPU since sm_70 (CUDA C++ Programming Guide,
technical specifications)."""

FEW_WARPS = 4

WARP = LANES[1]


@dataclass(frozen=True)
class ChainedPart(StagePart):
    """The second product, and what its left operand is made of.

    Attributes:
        unit: the processor.
        families: of instructions to choose from.
        first_block, first: the product that rows begin with.
        between: block -> computation of what is made of rows, producers first; the left operand of
            the second product among them.
        maker: the block of that operand.
        follower: the block that takes up each result once; "" if there is none.
    """

    unit: ThreadUnit
    families: tuple[Family, ...]
    first_block: str
    first: Tensor
    between: Mapping[str, Tensor]
    maker: str
    follower: str = ""

    counted: ClassVar[int] = 6
    """The first knobs, by which memory is counted."""
    verb: ClassVar[str] = "chain"

    @classmethod
    def of(cls, stages: Stages, part: MatrixPart, taken: Collection[str]) -> Self | None:
        """What a product becomes whose left operand is made, row by row, of another product.

        Args:
            part: the second product.
            taken: blocks that are scheduled elsewhere.

        Returns:
            None where it is none, where something else reads what is between, or where rows do not
            fit in shared memory.
        """
        maker = next((n for n, t in stages.tensors.items() if t.name == part.product.left.name), "")
        if part.product.left.is_turned or not maker or not stages.is_map(maker):
            return None
        between = _between(stages, maker, {part.block, part.follower}, taken)
        firsts = {
            n for name in between for n in stages.producers(name) if n not in (*between, maker)
        }
        if len(firsts) != 1:
            return None
        (first,) = firsts
        product = MatrixProduct.of(stages.definitions[first])
        inner = set(between)
        if (
            product is None or not set(stages.readers(first)) <= inner
            or first in stages.outputs | set(taken)
            or product.kind not in set.intersection(*(set(f.shapes) for f in part.families))
            or stages.definitions[first].extents != stages.definitions[maker].extents
        ):  # fmt: skip
            return None
        rows = {name: stages.definitions[name] for name in stages.definitions if name in inner}
        made = cls(
            part.stage, part.block, part.unit, part.families, first, stages.definitions[first],
            rows, maker, part.follower,
        )  # fmt: skip
        return made if made.fits else None

    @property
    def word(self) -> str:
        """`chain(S, M, E, T, O, then Y)`."""
        names = ", ".join([self.first_block, *self.between, self.block])
        return f"{self.verb}({names}{f', then {self.follower}' if self.follower else ''})"

    @property
    def taken(self) -> tuple[str, ...]:
        """The blocks that it schedules beside its own and what follows."""
        return self.first_block, *self.between

    @property
    def fits(self) -> bool:
        """Whether whole tiles make it up, and the fewest rows fit in shared memory."""
        return self._is_whole and any(self._is_usual(*each) for each in self._tiles)

    @cached_property
    def _is_whole(self) -> bool:
        features = self.stage.extents[-1]
        return (
            not self._rows % TILE and not self._row % COLUMNS[0] and not self._terms % TILE
            and not features % TILE and features <= MOST_FEATURES
        )  # fmt: skip

    @property
    def _rows(self) -> int:
        return int(self.first.extents[-2])

    @property
    def _row(self) -> int:
        """Elements of a row: columns of the first product, terms of the second."""
        return int(self.first.extents[-1])

    @property
    def _terms(self) -> int:
        return int(self.first.reduce_axes[0].count)

    # ---- decisions

    def knobs(self) -> list[Knob]:
        """Rows and features as warps share them, and steps of keys; of the first product a turn's
        columns and the terms of a step; copies by turns, how rows lie in banks, and the
        instructions."""
        y, x, k = (*self.spatial[-2:], *self.folded)
        first = StagePart(self.first, self.first_block)
        names = tuple(family.name for family in self.families)
        return [
            ChoiceKnob(f"{self.block}.{y}", self._shares(self._rows, (TILE, 2 * TILE))),
            ChoiceKnob(f"{self.block}.{x}", self._shares(self.stage.extents[-1], ())),
            ChoiceKnob(f"{self.block}.{k}", dividing((32, 64), self._row)),
            ChoiceKnob(f"{self.first_block}.{first.spatial[-1]}", dividing(COLUMNS, self._row)),
            ChoiceKnob(
                f"{self.first_block}.{first.folded[0]}", dividing((TILE, *STEPS), self._terms)
            ),
            ChoiceKnob(f"{self.block}.copies", (2, 1)),
            ChoiceKnob(f"{self.block}.banks", BANKS),
            *([ChoiceKnob(f"{self.block}.by", names)] if len(names) > 1 else []),
        ]

    def _shares(self, extent: int, own: Sequence[int]) -> tuple[Cut, ...]:
        """Warps, and what each has of it: one of `own`, or of all if that is empty."""
        return tuple(
            (w, n)
            for w in MOST_WARPS
            for n in (own or (extent // w,))
            if extent % (w * n) == 0 and n % TILE == 0 and (own or w * n == extent)
        )

    @cached_property
    def _tiles(self) -> list[tuple[Any, ...]]:
        """Every choice of those that memory is counted by."""
        return list(product(*(knob.options for knob in self.knobs()[: self.counted])))

    def _is_usual(self, *tile: Any) -> bool:
        """Whether a block has no more threads than is good, and memory that there is."""
        (down, _), (across, _), *_ = tile
        return (
            down * across * WARP <= USUAL_THREADS and self._shared_bytes(*tile) <= MOST_SHARED_BYTES
        )

    def _shared_bytes(self, *tile: Any) -> int:
        """Of a block: its rows, what warps fold of them, copies of all operands, and results."""
        return self._bytes_of(self._row, *tile)

    def _bytes_of(
        self, length: int, rows: Cut, features: Cut, step: int, columns: int, terms: int,
        copies: int,
    ) -> int:  # fmt: skip
        """That of rows of a length."""
        m, wide = prod(rows), prod(features)
        size = product_of(self.first).size_bytes
        maps = [s for s in self.between.values() if not s.reduce_axes]
        row = RESULT_BYTES + sum(dtypes.size_bytes(s.dtype) for s in maps)
        kept = m * (row * length)
        folded = RESULT_BYTES * m * (WARP + 1) * (len(self.between) - len(maps))
        scores = size * (m + columns) * terms * (copies if terms < self._terms else 1)
        values = size * step * wide * (copies if step < length else 1)
        return kept + folded + scores + values + RESULT_BYTES * m * wide

    def default(self) -> dict[str, Option]:
        """Blocks enough to keep all busy, of as many rows as there is memory for; a few warps."""
        usual = [tile for tile in self._tiles if self._is_usual(*tile)]
        chosen = min(usual, key=lambda tile: self._cost(*tile))
        knobs = self.knobs()
        rest = (knob.options[0] for knob in knobs[self.counted :])
        made = zip(knobs, (*chosen, *rest), strict=True)
        return {knob.name: option for knob, option in made}

    def _cost(self, *tile: Any) -> tuple[float, ...]:
        """What to prefer: rows that share keys and values, then a few warps, then large steps."""
        rows, features, _, columns, terms, copies = tile
        blocks = prod(self.stage.extents[:-2]) * (self._rows // prod(rows))
        idle = max(1.0, self.unit.blocks / blocks)
        return idle / prod(rows), abs(rows[0] * features[0] - FEW_WARPS), -copies, -terms, columns

    # ---- steps

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The second product in a grid of blocks, and all before it inside of one."""
        y, x, k, columns, terms, _ = (knob.name for knob in self.knobs()[: self.counted])
        rows, features = Share(*config[y]), Share(*config[x])
        how = self._how(rows, config)
        second = product_of(self.stage)
        read = {second.left.name: self.maker}
        tiled = WarpTiles(second, columns=features, step=config[k], **how).apply(
            schedule, self.block, self.follower, read, ready=[self.maker]
        )
        made = {name: bool(stage.reduce_axes) for name, stage in self.between.items()}
        reader = self._make_rows(schedule, tiled, made)
        turn = Share(features.warps, config[columns] // features.warps)
        WarpTiles(product_of(self.first), columns=turn, step=config[terms], **how).apply(
            schedule, self.first_block, "", {}, inside=Inside(reader, tiled.loop)
        )

    def _how(self, rows: Share, config: Mapping[str, Any]) -> dict[str, Any]:
        """What both products have in common."""
        named = {family.name: family for family in self.families}
        return {
            "family": named[config.get(f"{self.block}.by", self.families[0].name)],
            "rows": rows,
            "copies": config[f"{self.block}.copies"],
            "banks": config[f"{self.block}.banks"],
        }

    def _make_rows(self, schedule: Schedule, tiled: Tiled, made: Mapping[str, bool]) -> str:
        """Compute what is between the products where a block of threads takes its rows.

        Args:
            made: its blocks, producers first, and whether each is a fold.

        Returns:
            the first block that reads scores.
        """
        folds = {name: _in_lanes(schedule, name) for name, is_fold in made.items() if is_fold}
        order: list[str] = []
        for name in made:
            order += [*folds.get(name, ())[:1], name]
        for name in reversed(order):
            schedule[name].compute_at(self._reader(schedule, name, tiled.loop), tiled.loop)
        warps = Team(tiled.team.axes[:-1])
        chains = {n: lane for name, (part, lane) in folds.items() for n in (part, name)}
        for name in order:
            own = [o.var.name for o in own_loops(schedule, name, tiled.loop)]
            lane = chains.get(name, "")
            if not lane:
                tiled.team.take(schedule, name, own)
            elif name in made:
                warps.take(schedule, name, [n for n in own if n != lane])
                schedule[name].tree_reduce(lane)
            else:
                first, *rest = [n for n in own if n != lane]
                schedule[name].reorder(first, lane, *rest)
                warps.take(schedule, name, [first])
                schedule[name].bind(lane, LANES[0])
            written = site_of(schedule, name).block.writes[0].buffer.name
            schedule[name].set_scope(written, "shared")
        return order[0]

    def _reader(self, schedule: Schedule, block: str, loop: str) -> str:
        """A block inside `loop` that reads what `block` writes."""
        written = site_of(schedule, block).block.writes[0].buffer
        sites = (site_of(schedule, name) for name in schedule.blocks if name != block)
        return next(
            str(site.block.name)
            for site in sites
            if site.loop(loop) is not None and written in [r.buffer for r in site.block.reads]
        )


def _between(
    stages: Stages, maker: str, beside: Collection[str], taken: Collection[str]
) -> list[str]:
    """The maps of the rows of `maker`, it among them, and the folds of such rows, that nothing
    reads but each other and the blocks `beside`."""
    found: list[str] = []
    axes = stages.definitions[maker].axes
    for name in reversed(list(stages.definitions)):
        stage, readers = stages.definitions[name], stages.readers(name)
        is_map = stages.is_map(name) and len(stage.axes) == len(axes)
        is_fold = len(stage.reduce_axes) == 1 and len(stage.axes) == len(axes) - 1
        at_rows = all(
            load.indices[: len(axes) - 1] == stages.definitions[reader].axes[: len(axes) - 1]
            for reader in readers
            for load in stages.loads(reader, name)
        )
        if (
            (is_map or is_fold) and len(stage.results) == 1 and at_rows
            and readers and set(readers) <= {*found, *beside}
            and name not in stages.outputs | set(taken) | set(beside)
            and stage.extents[: len(axes) - 1] == stages.definitions[maker].extents[:-1]
        ):  # fmt: skip
            found.insert(0, name)
    return found if maker in found else []


def _in_lanes(schedule: Schedule, block: str) -> tuple[str, str]:
    """A partial result for each lane of a warp: its block, and the loop over lanes."""
    own = own_loops(schedule, block)
    _, lane = schedule[block].split(str(own[-1].var.name), WARP)
    return factored(schedule, block, str(lane)), str(lane)


def product_of(stage: Tensor) -> MatrixProduct:
    """The product that a computation is, known to be one."""
    found = MatrixProduct.of(stage)
    assert found is not None, "both are products"
    return found


def dividing(choices: Sequence[int], extent: int) -> tuple[int, ...]:
    """Those that divide an extent; it itself where none does."""
    return tuple(n for n in choices if extent % n == 0) or (extent,)
