"""Convolutions as products of matrices: the windows of a few rows are gathered in a panel first.

In a panel, row (ic, kh, kw) holds what that position of the window sees of every output pixel, one
beside the other, whatever the stride, the dilation or the width of the image. The sums are then
those of a matrix product, weights by panel, whose vectors run over pixels of several rows (the
implicit product of Chetlur et al., cuDNN: Efficient Primitives for Deep Learning, 2014). Each
vector that is gathered feeds as many multiply-adds as there are output channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.ir import dtypes
from tvmlab.ops.choices import dividing, nearest, powers
from tvmlab.ops.convolution import Steps
from tvmlab.ops.knobs import Option
from tvmlab.ops.nest import Nest, Part, inner_extents
from tvmlab.ops.register_tile import (
    LOAD_SHARE,
    lane_choices,
    register_tiles,
    row_choices,
)
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.ops.window_schedule import pad_nest, written_out
from tvmlab.schedule import Schedule
from tvmlab.schedule.primitives.vectorize import MAX_LANES
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages

PANEL_BYTES = 160 << 10
"""What a panel may take of a core's second cache (1 MiB on Zen 4, 2 MiB on Golden Cove), in which
weights and sums have to stay as well."""

PANEL_PIXELS = 256
"""Pixels of a panel beyond which more save nothing."""

LEAST_DEPTH, LEAST_CHANNELS = 4, 16
"""Input channels of a panel, and output channels of a task, that are tried at least."""

SHARING = 128
"""Output channels that are to share a panel: gathering costs a fiftieth then."""

TASKS = 12
"""Tasks of equal size that any few threads share well; fewer are to be a multiple of four."""

COPY_CYCLES = 2.5
"""Cycles that moving a vector costs: a load that may be masked, a store, their addresses. One that
skips columns needs as many loads as it skips, and their lines from the second cache."""

COPIES = 96
"""Multiply-adds of vectors that are written out at most: more do not fit the cache of decoded
instructions together with what is around them."""


@dataclass(frozen=True)
class Gathering:
    """The sizes that gathering depends on, read off a convolution's output.

    Attributes:
        batch, groups: loops that share nothing.
        channels: output channels of a group.
        height, width: of the output.
        depth: input channels of a group.
        kernel: height and width of a window.
        across: columns between neighbouring windows.
        padded: whether the image has zeros around it.
        size_bytes: of an element.
    """

    batch: int
    groups: int
    channels: int
    height: int
    width: int
    depth: int
    kernel: tuple[int, int]
    across: int
    padded: bool
    size_bytes: int

    @classmethod
    def of(cls, conv: Tensor) -> Gathering:
        """The sizes of the convolution that computes `conv`."""
        n, oc, height, width = conv.extents
        ic, kh, kw = (axis.count for axis in conv.reduce_axes)
        groups = inputs([conv])[0].extents[1] // ic
        size = dtypes.size_bytes(conv.dtype)
        steps = Steps.of(conv)
        across = steps.stride[1] if steps is not None else 1
        padded, kernel = len(stages([conv])) > 1, (kh, kw)
        return cls(n, groups, oc // groups, height, width, ic, kernel, across, padded, size)

    def row_options(self) -> tuple[int, ...]:
        """Rows of the image in a panel: they divide its height."""
        fit = [r for r in range(1, self.height + 1) if self.height % r == 0]
        return tuple(r for r in fit if r == 1 or r * self.width <= PANEL_PIXELS)

    def tiles(self, vectors: VectorUnit) -> tuple[tuple[int, ...], ...]:
        """(channels, pixels) whose sums fit in the registers."""
        rows = [(r,) for r in row_choices(self.channels)]
        lanes: set[int] = set()
        for count in self.row_options():
            lanes |= set(lane_choices(count * self.width, self.size_bytes, vectors))
        return register_tiles(rows, sorted(lanes), self.size_bytes, vectors)

    def default(self, vectors: VectorUnit) -> tuple[float, dict[str, Option]]:
        """About what a multiply-add of one pixel with one channel costs in cycles; and the panel
        and tile that cost so much, which is least, as deep as the cache allows."""
        rows, tile = self.best(vectors)
        row_bytes = rows * self.width * self.kernel[0] * self.kernel[1] * self.size_bytes
        depths = dividing(self.depth, LEAST_DEPTH)
        return self.cycles(rows, tile, vectors), {
            "tile": tile,
            "rows": rows,
            "depth": max([d for d in depths if d * row_bytes <= PANEL_BYTES] or depths[:1]),
            "channels": self._sharing(rows),
        }

    def _sharing(self, rows: int) -> int:
        """The output channels that share a panel: many, while that keeps a few threads busy."""
        panels = self.batch * self.groups * self.height // rows
        options = powers(LEAST_CHANNELS, self.channels)
        counts = {c: panels * max(1, round(self.channels / c)) for c in options}
        fair = [c for c, tasks in counts.items() if tasks >= TASKS or tasks % 4 == 0]
        return nearest([c for c in fair if c >= SHARING // 2] or fair or options[-1:], SHARING)

    def is_plain(self, tile: tuple[int, ...]) -> bool:
        """Whether the vectors of a tile stand in the image as they are, so that no panel is made:
        parts of its rows, each window one element of them."""
        is_point = self.kernel == (1, 1) and self.across == 1 and not self.padded
        return is_point and self.width % tile[1] == 0

    def is_whole(self, tile: tuple[int, ...], depth: int) -> bool:
        """Whether a tile's sums are of all input channels, and its pixels whole rows or parts of
        one, so that they go from their registers to their place."""
        rows = tile[1] % self.width == 0 or self.width % tile[1] == 0
        return rows and depth == self.depth

    def best(self, vectors: VectorUnit) -> tuple[int, tuple[int, ...]]:
        """The rows of a panel and the register tile that cost least."""
        choices = [(r, t) for r in self.row_options() for t in self.tiles(vectors)]
        return min(choices, key=lambda choice: self.cycles(choice[0], choice[1], vectors))

    def unroll(self, vectors: VectorUnit) -> str:
        """Whether to write out the columns of a window: where they are few."""
        _, (channels, lanes) = self.best(vectors)
        sums = channels * vectors.vectors(lanes, self.size_bytes)
        is_short = self.kernel[1] > 1 and sums * self.kernel[1] <= COPIES
        return "columns" if is_short else "none"

    def cycles(self, rows: int, tile: tuple[int, ...], vectors: VectorUnit) -> float:
        """About what a multiply-add of one pixel with one channel costs, in cycles."""
        pixels = rows * self.width
        total = self.sum_cycles(pixels, tile, vectors)
        lines = rows * vectors.vectors(self.width, self.size_bytes)
        shares = self.channels / self._sharing(rows)
        gathered = 0.0 if self.is_plain(tile) else lines * shares * self.across
        steps = self.depth * self.kernel[0] * self.kernel[1]
        left = 0.0 if self.is_whole(tile, self.depth) else lines * self.channels / steps
        return (total + COPY_CYCLES * (gathered + left)) / (self.channels * pixels)

    def sum_cycles(self, pixels: int, tile: tuple[int, ...], vectors: VectorUnit) -> float:
        """Cycles of a step of the sums of so many pixels with all channels, in (channels, pixels)
        of a register tile."""
        channels, lanes = tile
        total = 0.0
        for height, down in _pieces(self.channels, channels):
            for width, across in _pieces(pixels, lanes):
                wide = widths(width, self.size_bytes, vectors)
                loads = height / vectors.broadcasts + wide
                busy = max(height * wide, vectors.under_way, loads) + LOAD_SHARE * loads
                total += down * across * busy
        return total


def widths(lanes: int, size_bytes: int, vectors: VectorUnit) -> float:
    """Full vectors' worth of time that `lanes` take.

    A vector of 512 bits goes through two units of 256 bits, so a last one of half the width takes
    half the time (Zen 4, Ice Lake without the second unit of servers).
    """
    if vectors.bits < 512:
        return vectors.vectors(lanes, size_bytes)
    return -(-lanes // (vectors.lanes(size_bytes) // 2)) / 2


def _pieces(extent: int, part: int) -> list[tuple[int, int]]:
    """(size, how many) of what a cut in parts of `part` leaves: whole ones, and a last one."""
    whole = [(part, extent // part)] if extent >= part else []
    return [*whole, (extent % part, 1)] if extent % part else whole


def apply_gathered(
    schedule: Schedule, conv: Tensor, config: Mapping[str, Any], vectors: VectorUnit
) -> None:
    """Append the steps for `conv`, and for the one stage that may follow it element for element.

    Args:
        schedule: it has no steps yet.
        conv: the convolution's result.
        config: `tile`, one of `Gathering.tiles`, `rows`, one of `Gathering.row_options`, and
            `depth`, `channels`, `unroll`, `zeros` and `parallel` of the convolution's template.

    Raises:
        ScheduleError: a step is illegal.
    """
    sizes, block = Gathering.of(conv), schedule[conv].name
    rows = config["rows"]
    padding = [schedule[stage].name for stage in stages([conv]) if stage is not conv]
    source = (stages([conv])[0] if padding else inputs([conv])[0]).name
    group = f"oc // {sizes.channels}, oc % {sizes.channels}"
    pixel = f"y // {rows}, y % {rows} * {sizes.width} + x"
    in_panels = f"n, oc, y, x -> n, {group}, {pixel}"
    schedule[block].transform_block_layout(in_panels)
    panel = None if sizes.is_plain(config["tile"]) else _gather(schedule, block, source)
    if padding and config["zeros"] == "inline":
        schedule[padding.pop()].compute_inline()
    result = finish(schedule, conv, block, in_panels)
    loops = _multiply(schedule, block, config)
    task = innermost(loops, [("p2", 0), ("p3", 0), ("p1", 0), ("p0", 0)])
    step = innermost(loops, [("ic", 0)]) or task
    if step is not None and panel is not None:
        schedule[panel].compute_at(block, step)
        for name in padding:
            schedule[name].compute_at(panel, step)
    for name in padding:
        own = inner_extents(schedule, name, depth_of(schedule, name, step if panel else None))
        pad_nest(own, conv.dtype, vectors).apply(schedule[name])
    if panel is not None:
        _row_by_row(schedule, panel, sizes, vectors)
    is_whole = sizes.is_whole(config["tile"], config["depth"])
    tile = innermost(loops, [("p2", 1), ("p4", 0)]) if is_whole else None
    if tile is not None or task is not None:
        schedule[result].reverse_compute_at(block, tile or task)
    _row_by_row(schedule, result, sizes, vectors)
    if tile is not None:
        for loop in schedule[result].loops[depth_of(schedule, result, tile) : -1]:
            schedule[result].unroll(loop)


def _gather(schedule: Schedule, block: str, source: str) -> str | None:
    """The block that gathers panels of `source`: in a panel and in its loops, pixels come last.

    None where all windows together are one element.
    """
    if not set(inner_extents(schedule, block, 0)) - {"p2"}:
        return None
    before = set(schedule.blocks)
    schedule[block].reindex(source)
    (panel,) = set(schedule.blocks) - before
    names = [str(loop) for loop in schedule[panel].loops]
    order = sorted(names, key=lambda name: name == "p4")
    if order != names:
        layout = f"{', '.join(names)} -> {', '.join(order)}"
        schedule[panel].transform_layout(panel, layout)
        schedule[panel].transform_block_layout(layout)
    return panel


def finish(schedule: Schedule, conv: Tensor, block: str, in_panels: str) -> str:
    """The block that takes sums out of panels: the next stage, or else a copy to the output."""
    if conv not in schedule.outputs:
        (out,) = schedule.outputs
        schedule[block].transform_layout(conv.name, in_panels)
        schedule[out].transform_block_layout(in_panels)
        return schedule[out].name
    before = set(schedule.blocks)
    schedule[block].reindex(conv.name)
    (finish,) = set(schedule.blocks) - before
    return finish


def _multiply(schedule: Schedule, block: str, config: Mapping[str, Any]) -> dict[Part, str]:
    """The nest of the product, and the loops that its parts became."""
    channels, lanes = config["tile"]
    extents = inner_extents(schedule, block, 0)
    tiles = -(-extents.get("p2", 1) // channels)
    tasks = max(1, round(extents.get("p2", 1) / config["channels"]))
    return Nest(
        extents=extents,
        cuts={
            "p2": (-(-tiles // tasks), channels),
            "p4": (lanes,),
            "ic": (config["depth"],),
        },
        order=[
            ("p0", 0), ("p1", 0), ("p3", 0), ("p2", 0), ("ic", 0), ("p4", 0), ("p2", 1),
            ("ic", 1), ("kh", 0), ("kw", 0), ("p2", 2), ("p4", 1),
        ],
        parallel=4 if config["parallel"] else 0,
        unrolled=[*written_out(config["unroll"], "kh", "kw"), ("p2", 2)],
        vectorized=("p4", 1),
    ).apply(schedule[block])  # fmt: skip


def innermost(loops: Mapping[Part, str], parts: Sequence[Part]) -> str | None:
    """The loop of the first of `parts` that there is."""
    return next((loops[part] for part in parts if part in loops), None)


def depth_of(schedule: Schedule, block: str, loop: str | None) -> int:
    """How many loops of a block are around what is inside `loop`."""
    return [str(o) for o in schedule[block].loops].index(loop) + 1 if loop is not None else 0


def _row_by_row(schedule: Schedule, block: str, sizes: Gathering, vectors: VectorUnit) -> None:
    """Vectors along the rows of the image that a block's last loop, over pixels, goes through."""
    extents = inner_extents(schedule, block, 0)
    if not extents or sizes.width == 1:
        return
    stage, pixels = schedule[block], list(extents)[-1]
    if extents[pixels] > sizes.width:
        pixels = str(stage.split(pixels, sizes.width)[1])
    if sizes.width > MAX_LANES:
        pixels = str(stage.split(pixels, 4 * vectors.lanes(sizes.size_bytes))[1])
    stage.vectorize(pixels)
