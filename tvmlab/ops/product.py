"""How a matrix product is cut, walked and shared out: what all its templates decide alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part
from tvmlab.ops.packing import SQUARES
from tvmlab.ops.register_tile import (
    best_tile,
    lane_choices,
    register_tiles,
    row_choices,
    tiles_of_block,
)
from tvmlab.ops.row_streams import has_streams
from tvmlab.ops.vector_unit import VectorUnit

LARGE_BYTES = 1 << 20
"""Both operands together, beyond which copying them pays: the second-level cache of a core."""

FEW = 24
"""Rows or columns of C below which an element is used too seldom to be copied first."""

RUN_BYTES = 8192
"""Of a row of B that a task takes, of two at least: the sums of 16 rows are then an eighth of a
second-level cache of 1 MiB. At the end of a page hardware begins anew to fetch ahead (Zen 4, B of
64 MiB: half as long a run takes 1.07 times the time)."""

STRIP_LINES = 32
"""Lines of the caches that a strip of B has for a register tile. Lines of one column, apart by a
power of two, compete for few places, with those that are fetched ahead; and of fewer rows the sums
are loaded and stored too often (Zen 4: one line wide, 16 rows take 1.03 times as long, 64 1.1)."""

LINE_BYTES = 64
"""A line of the caches."""

SHORT = 4
"""Rows of C below which a product does nothing but wait for memory."""


@dataclass(frozen=True)
class Product:
    """C[y, x] = sum over k of A and B, on given registers.

    Attributes:
        m, n, k: rows and columns of C, and the length of the sums.
        element_bytes: of an element of A, B and C.
        vectors: the vector registers.
        panel: columns that stand together in B, where it comes in panels; 0 where it does not.
    """

    m: int
    n: int
    k: int
    element_bytes: int
    vectors: VectorUnit
    panel: int = 0

    @property
    def tiles(self) -> tuple[tuple[int, ...], ...]:
        """The register tiles (rows, lanes); within a panel, if B comes in panels."""
        lanes = lane_choices(self.panel or self.n, self.element_bytes, self.vectors)
        if self.panel:
            lanes = tuple(n for n in lanes if self.panel % n == 0) or (1,)
        whole = {self.m} if self.m < FEW else set()
        rows = [(r,) for r in sorted({*row_choices(self.m), *whole})]
        return register_tiles(rows, lanes, self.element_bytes, self.vectors)

    def knobs(self) -> tuple[Knob, ...]:
        """The register tile, the block, the steps at once, the walk in a block, what is packed."""
        packs = ("left", "none") if self.panel else ("both", "right", "none")
        return (
            ChoiceKnob("tile", self.tiles),
            ChoiceKnob("rows", powers(32, self.m)),
            ChoiceKnob("columns", powers(64, self.n)),
            ChoiceKnob("depth", powers(16, self.k)),
            ChoiceKnob("inner", self._walks()),
            ChoiceKnob("pack", packs),
            switch("parallel"),
        )

    def default(self) -> dict[str, Option]:
        """The tile that loads least for each multiply-add, in blocks that fit the caches.

        Where B is large and has too few rows of C to pay for a copy, it is read as it stands, a
        few rows of it at once, so that memory is what it waits for.
        """
        is_large = (self.m + self.n) * self.k * self.element_bytes >= LARGE_BYTES
        if is_large and self.m < FEW:
            return self._streamed()
        copied = is_large and self.n >= FEW
        whole = "left" if self.panel else "both"
        return {
            "tile": self._tile(self._transposed() if copied else self.tiles),
            "rows": nearest(powers(32, self.m), 64),
            "columns": nearest(powers(64, self.n), 512 if copied else 256),
            "depth": nearest(powers(16, self.k), 1024),
            "inner": "columns",
            "pack": whole if copied else "none",
            "parallel": True,
        }

    def _streamed(self) -> dict[str, Option]:
        """Wide vectors, so that what is read of B is used as soon as it is there.

        A panel is read from end to end, and is a task; else B is read in streams or in strips.
        """
        walks = self._walks()
        if walks[-1] == "strips":
            return self._in_strips()
        widest = max(t[-1] for t in self.tiles)
        columns = self.panel or RUN_BYTES // self.element_bytes
        return {
            "tile": self._tile([t for t in self.tiles if t[-1] == widest]),
            "rows": nearest(powers(32, self.m), 32),
            "columns": nearest(powers(64, self.n), columns),
            "depth": nearest(powers(16, self.k), 1024),
            "inner": "rows" if self.panel else walks[-1],
            "pack": "none",
            "parallel": True,
        }

    def _in_strips(self) -> dict[str, Option]:
        """Tiles of all rows, so that B is read once; where registers hold none (16 rows and 16 of
        256 bits), the one that costs least, since a strip stays in the cache between its tiles."""
        rows, lanes = self._tile([t for t in self.tiles if t[0] >= self.m] or self.tiles)
        columns = min(RUN_BYTES // self.element_bytes, -(-self.n // 2))
        lines = -(-lanes * self.element_bytes // LINE_BYTES)
        return {
            "tile": (rows, lanes),
            "rows": nearest(powers(32, self.m), 32),
            "columns": nearest(powers(64, self.n), columns),
            "depth": nearest(powers(16, self.k), STRIP_LINES // lines),
            "inner": "strips",
            "pack": "none",
            "parallel": True,
        }

    def _transposed(self) -> Sequence[tuple[int, ...]]:
        """The tiles for which a copy of A costs least, if there are any."""
        return [t for t in self.tiles if t[0] in SQUARES] or self.tiles

    def _tile(self, tiles: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        lanes = self.vectors.lanes(self.element_bytes)
        return best_tile(
            tiles,
            (self.m, self.n),
            self.element_bytes,
            self.vectors,
            lambda t: t[0] / self.vectors.broadcasts + t[1] / lanes,
        )

    def nest(self, extents: Mapping[str, int], config: Mapping[str, Any]) -> Nest:
        """The loops: blocks, steps of the reduction, register tiles, one step, the tile.

        Args:
            extents: the block's loops y, x and, of a product, k under their names, and their
                iterations.
            config: an option of each knob.
        """
        y, x, *reduced = extents
        rows, lanes = config["tile"]
        tiles = {
            y: tiles_of_block(self.m, rows, config["rows"]),
            x: tiles_of_block(self.n, lanes, config["columns"]),
        }
        return Nest(
            extents=extents,
            cuts={
                y: (tiles[y], rows),
                x: (tiles[x], lanes),
                **dict.fromkeys(reduced, (config["depth"],)),
            },
            order=[
                (y, 0), (x, 0), *[(z, 0) for z in reduced], *self._walk((y, 1), (x, 1), config),
                *[(z, 1) for z in reduced], (y, 2), (x, 2),
            ],
            parallel=2 if config["parallel"] else 0,
            unrolled=[(y, 2)],
            vectorized=(x, 2),
        )  # fmt: skip

    def inside(
        self, names: tuple[str, str, str], extents: Mapping[str, int], config: Mapping[str, Any]
    ) -> Nest:
        """The loops of a product that is computed for one block of its reader, or for one tile.

        Args:
            names: of the loops y, x and k, whether or not there are any.
            extents: those that there are, and their iterations.
            config: an option of each knob.
        """
        y, x, z = names
        rows, lanes = config["tile"]
        return Nest(
            extents=extents,
            cuts={y: (rows,), x: (lanes,), z: (config["depth"],)},
            order=[(z, 0), *self._walk((y, 0), (x, 0), config), (z, 1), (y, 1), (x, 1)],
            unrolled=[(y, 1)],
            vectorized=(x, 1),
        )

    def _walk(self, y: Part, x: Part, config: Mapping[str, Any]) -> list[Part]:
        """The loops over the tiles of a block; the last one moves first."""
        return [x, y] if config["inner"] == "rows" else [y, x]

    def _walks(self) -> tuple[str, ...]:
        """What comes next in a block: the tile beside, the one below; or strips or streams."""
        walks: tuple[str, ...] = ("columns", "rows")
        if self.m < FEW and not self.panel:
            walks += ("strips",)
            if self.m < SHORT and has_streams(self.k):
                walks += ("streams",)
        return walks
