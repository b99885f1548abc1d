"""A product of narrow numbers for TensorCores, and the decisions that its tiling leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

from tvmlab.intrin.matrix_tiles import Family
from tvmlab.ops.gpu.matrix_product import MatrixProduct
from tvmlab.ops.gpu.padded import padded
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.gpu.warp_tiles import BANKS, LANES, Share, WarpTiles
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.stage_part import StagePart
from tvmlab.schedule import Schedule
from tvmlab.schedule.primitives.pad_einsum import MOST_PADDING
from tvmlab.te import Tensor

Cut = tuple[int, int]
"""Warps beside each other, and rows or columns of each."""

MOST_WARPS, OWN = (1, 2, 4), (16, 32, 64)
"""What a cut may have of either."""

MOST_TILE = 256
"""Rows or columns of a block."""

STEPS = (32, 64, 128)
"""Terms of a step."""

USUAL_THREADS = 256
"""Of a block: more wait for each other, and registers of fewer threads hold larger tiles."""

COPIES, USUAL_COPIES = (4, 3, 2, 1), 3
"""Of operands, by turns: copying takes the time of a few steps at most; and those that a tile is
chosen to have room for."""

RESULT_BYTES = 4
"""Of a sum."""

REGISTERS, OTHER_REGISTERS, FEW_WARPS = 65536, 72, 8
"""Of a multiprocessor; those of a thread beside its sums; and warps below which it waits."""

FETCHED, LOADED = 32, 16
"""Products that TensorCores make while an element comes from the second-level cache, and from
shared memory (A100: 1,024 a cycle of 16-bit floats on a multiprocessor, 64 and 128 bytes)."""


@dataclass(frozen=True)
class MatrixPart(StagePart):
    """A product that warps tile.

    Attributes:
        unit: the processor.
        product: what it is.
        families: of the instructions to choose from.
        follower: the block that takes up each result once, if there is one.
        makers: buffer -> the block that computes it where it is fetched.
    """

    unit: ThreadUnit
    product: MatrixProduct
    families: tuple[Family, ...]
    follower: str = ""
    makers: Mapping[str, str] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """`tensorize(C, mma_f16)`, with what follows."""
        names = " or ".join(f.name_of("", self.product.kind) for f in self.families)
        return (
            f"tensorize({self.block}, {names}{f', then {self.follower}' if self.follower else ''})"
        )

    @cached_property
    def _extents(self) -> tuple[int, int, int]:
        """Rows, columns and terms."""
        *_, rows, columns = self.stage.extents
        return rows, columns, self.stage.reduce_axes[0].count

    @classmethod
    def of(
        cls,
        stage: Tensor,
        block: str,
        unit: ThreadUnit,
        follower: str = "",
        makers: Mapping[str, str] | None = None,
    ) -> MatrixPart | None:
        """The part of a stage that is such a product; None where it is none, where the processor
        has no instructions for it, or where the smallest tile would be mostly zeros."""
        product = MatrixProduct.of(stage)
        if product is None or not unit.families:
            return None
        families = tuple(f for f in unit.families if product.kind in f.shapes)
        made = cls(stage, block, unit, product, families, follower, makers or {})
        return made if made._grown(OWN[0], OWN[0], STEPS[0]) <= MOST_PADDING else None

    def _grown(self, *tile: int) -> float:
        """How much whole tiles are larger than what is asked for."""
        whole = [-(-e // t) * t for e, t in zip(self._extents, tile, strict=True)]
        return prod(whole) / prod(self._extents)

    # ---- decisions

    def knobs(self) -> list[Knob]:
        """For rows and columns the warps and what each has; a step of the sum; copies by turns;
        how rows lie in banks; and the instructions, if there are several."""
        y, x, k = (*self.spatial[-2:], *self.folded)
        rows, columns, _ = self._extents
        found: list[Knob] = [
            ChoiceKnob(f"{self.block}.{y}", self._shares(rows)),
            ChoiceKnob(f"{self.block}.{x}", self._shares(columns)),
            ChoiceKnob(f"{self.block}.{k}", self._steps),
            ChoiceKnob(f"{self.block}.copies", COPIES),
            ChoiceKnob(f"{self.block}.banks", BANKS),
        ]
        names = tuple(family.name for family in self.families)
        return [*found, *([ChoiceKnob(f"{self.block}.by", names)] if len(names) > 1 else [])]

    def _shares(self, extent: int) -> tuple[tuple[int, ...], ...]:
        """Warps and their own, as far as the extent needs them."""
        every = [
            (w, n) for w, n in product(MOST_WARPS, OWN)
            if w * n <= MOST_TILE and (w * n < 2 * extent or w * n == OWN[0])
        ]  # fmt: skip
        return tuple(every)

    @property
    def _steps(self) -> tuple[int, ...]:
        terms = self._extents[2]
        return tuple(n for n in STEPS if n == STEPS[0] or n < 2 * terms)

    def default(self) -> dict[str, Option]:
        """The tile for which least is moved and padded, with blocks enough to keep all busy; and
        as many copies as shared memory has room for."""
        options = [knob.options for knob in self.knobs()]
        tiles: Any = product(*options[:3])
        chosen = min(
            (tile for tile in tiles if self._is_usual(*tile)), key=lambda t: self._cost(*t)
        )
        rows, columns, step = chosen
        copies = next(n for n in COPIES if n == 1 or self._has_room(rows, columns, step, n))
        rest = (each[0] for each in options[4:])
        made = zip(self.knobs(), (*chosen, copies, *rest), strict=True)
        return {knob.name: option for knob, option in made}

    def _has_room(self, rows: Cut, columns: Cut, step: int, copies: int) -> bool:
        """Whether so many copies fill, and do not make multiprocessors wait for want of blocks."""
        bytes_of_block = self._shared_bytes(rows, columns, step, copies)
        blocks = 2 * self.unit.shared_bytes // bytes_of_block
        return (
            copies <= max(2, -(-self._extents[2] // step))
            and bytes_of_block <= self.unit.shared_bytes
            and (copies <= USUAL_COPIES or blocks * rows[0] * columns[0] >= FEW_WARPS)
        )

    def _is_usual(self, *tile: Any) -> bool:
        """Whether a block has no more threads than is good, and shared memory that needs no asking
        for."""
        (down, _), (across, _), _ = tile
        return (
            down * across * LANES[1] <= USUAL_THREADS
            and self._shared_bytes(*tile) <= self.unit.shared_bytes
        )

    def _shared_bytes(self, rows: Cut, columns: Cut, step: int, copies: int = USUAL_COPIES) -> int:
        """Of a block: copies of what a step takes, swizzled, and results that are handed on."""
        m, n = prod(rows), prod(columns)
        copied = copies * self.product.size_bytes * (m + n) * step
        is_handed = self.follower or self._grown(m, n, 1) > 1
        return copied + (RESULT_BYTES * m * n if is_handed else 0)

    def _cost(self, rows: Cut, columns: Cut, step: int) -> float:
        """How long it takes, relative to products alone that keep all processors busy."""
        m, n = prod(rows), prod(columns)
        tiles = [-(-extent // size) for extent, size in zip(self._extents, (m, n), strict=False)]
        blocks = prod(self.stage.extents[:-2]) * prod(tiles)
        moved = FETCHED * (1 / m + 1 / n) + LOADED * (1 / rows[1] + 1 / columns[1])
        registers = rows[1] * columns[1] // LANES[1] + OTHER_REGISTERS
        warps = min(
            2 * self.unit.shared_bytes // self._shared_bytes(rows, columns, step)
            * rows[0] * columns[0],
            REGISTERS // (registers * LANES[1]),
        )  # fmt: skip
        idle = max(1.0, self.unit.blocks / blocks) * max(1.0, FEW_WARPS / warps)
        return self._grown(m, n, step) * (1 + moved + STEPS[0] / step) * idle

    # ---- steps

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Pad to whole tiles, and tile."""
        start = f"{self.block}."
        chosen = {k.removeprefix(start): v for k, v in config.items() if k.startswith(start)}
        y, x, k = (*self.spatial[-2:], *self.folded)
        rows, columns = Share(*chosen[y]), Share(*chosen[x])
        sizes = [1] * (len(self.spatial) - 2) + [prod(rows), prod(columns), chosen[k]]
        read = {
            o.name: self.makers.get(o.name, "") for o in (self.product.left, self.product.right)
        }
        follower, read = padded(schedule, self.block, sizes, self.follower, read)
        named = {family.name: family for family in self.families}
        WarpTiles(
            product=self.product,
            family=named[chosen.get("by", self.families[0].name)],
            rows=rows,
            columns=columns,
            step=chosen[k],
            copies=chosen["copies"],
            banks=chosen["banks"],
        ).apply(schedule, self.block, follower, read)
