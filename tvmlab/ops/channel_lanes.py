"""Convolutions whose vectors run over output channels: weights in panels, images as they are.

An element of the image is multiplied with a vector of weights, those of neighbouring channels, so
that a narrow image, a stride or a dilation leaves no lane idle; and what a window sees beside the
image is left out, which no lane of a vector over pixels could do alone. A register tile is some
columns of a row by some vectors of channels. Weights are laid out in panels first, `[channels //
lanes][ic][kh][kw][lanes]` (Georganas et al., Anatomy of high-performance deep learning convolutions
on SIMD architectures, 2018), and the sums are transposed on their way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from tvmlab.ops.choices import dividing
from tvmlab.ops.convolution import Steps
from tvmlab.ops.gathered import LEAST_DEPTH, Gathering, depth_of, finish, innermost, widths
from tvmlab.ops.knobs import Option
from tvmlab.ops.nest import Nest, Part, extents_of, fused, inner_extents
from tvmlab.ops.packing import TOGETHER
from tvmlab.ops.register_tile import row_choices, waste
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.ops.window import padding_guesses
from tvmlab.ops.window_schedule import pad_nest, written_out
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages

WEIGHT_BYTES = 80 << 10
"""What the weights of a task's input channels may take at once: every row of the image reads them
again, from a core's second cache (1 MiB on Zen 4)."""

STREAM = 10
"""Bytes of weights a cycle that the second cache delivers beside the image (Zen 3: of 25, all of
them read in order; with 13 a product of 5 columns by 16 channels takes up to twice the time)."""

NEAR_BYTES = 20 << 10
"""What the weights may take instead where tiles of few columns want more: of 32 KiB, the first
cache of most processors, the image needs some."""

SQUARE_CYCLES = 5.5
"""Cycles that a vector costs in a transposition: a load, log2(16) shuffles, a store (Zen 4: one
shuffle of 512 bits a cycle)."""

LEAVING_CYCLES = SQUARE_CYCLES + 1.5
"""Cycles that a vector of sums costs between its registers and its place: it goes through memory
and is transposed."""

LOAD_SHARE = 0.1
"""What a load costs beside multiply-adds that hide it, in cycles: the weights come one line after
the other, and of the image a few stay in the first cache."""

LEAST_TASKS = 4
"""Blocks of channels below which a few threads have nothing to share."""

SHORT = 16
"""Input channels of a group below which the innermost loop is too short to pay for its start."""

MOST_IDLE = 1.17
"""Lanes for each pixel, beyond which shorter vectors take the sums out."""

MOST_VECTORS = 4
"""Vectors of channels in a tile: beyond, too few columns are left to use each weight."""


def channel_tiles(sizes: Gathering, vectors: VectorUnit) -> tuple[tuple[int, ...], ...]:
    """(1, 1, columns, channels) whose sums fit in the registers: of one image, and one row."""
    full = vectors.lanes(sizes.size_bytes)
    lanes = [n * full for n in range(1, MOST_VECTORS + 1) if sizes.channels % (n * full) == 0]
    return tuple(
        (1, 1, columns, n)
        for n in lanes
        for columns in row_choices(sizes.width)
        if vectors.holds(columns, n // full)
    )


def channel_default(
    conv: Tensor, sizes: Gathering, vectors: VectorUnit
) -> tuple[float, dict[str, Option]]:
    """About what a multiply-add of one pixel with one channel costs in cycles, and the choices that
    cost so much; infinity where the form is unsuitable."""
    blocks = sizes.batch * sizes.groups * sizes.channels
    tiles = [t for t in channel_tiles(sizes, vectors) if blocks // t[-1] >= LEAST_TASKS]
    if not tiles or sizes.depth < SHORT:
        return float("inf"), {}
    share = _share_inside(conv) if skips(conv) else 1.0
    tile = min(tiles, key=lambda t: _cycles(sizes, t, vectors))
    pixels, steps = sizes.height * sizes.width, sizes.depth * prod(sizes.kernel)
    arriving = 0.0 if inputs([conv])[1].constant else SQUARE_CYCLES / pixels
    moving = (arriving + LEAVING_CYCLES / steps) / vectors.lanes(sizes.size_bytes)
    row_bytes = tile[-1] * prod(sizes.kernel) * sizes.size_bytes
    depths = dividing(sizes.depth, LEAST_DEPTH)
    streamed = vectors.bits // 8 * vectors.units / tile[2]
    room = WEIGHT_BYTES if streamed <= STREAM else NEAR_BYTES
    depth = max([d for d in depths if d * row_bytes <= room] or depths[:1])
    return share * _cycles(sizes, tile, vectors) + moving, {"tile": tile, "depth": depth}


def _cycles(sizes: Gathering, tile: tuple[int, ...], vectors: VectorUnit) -> float:
    """Cycles of a step of the sums, for each pixel and channel."""
    _, _, columns, lanes = tile
    wide = widths(lanes, sizes.size_bytes, vectors)
    loads = columns / vectors.broadcasts + wide
    busy = max(columns * wide, vectors.under_way, loads) + LOAD_SHARE * loads
    return busy * waste(sizes.width, columns) / (columns * lanes)


def skips(conv: Tensor) -> bool:
    """Whether zeros beside the image may be left out: none meets an infinite weight."""
    return len(stages([conv])) > 1 and inputs([conv])[1].finite


def _share_inside(conv: Tensor) -> float:
    """The share of a window's elements that lie in the image, of all windows."""
    steps, (sides, *_) = Steps.of(conv), [*padding_guesses([conv]), ""]
    if steps is None or not isinstance(sides, tuple):
        return 1.0
    share = 1.0
    kernel = (axis.count for axis in conv.reduce_axes[1:])
    extents = zip(inputs([conv])[0].extents[2:], conv.extents[2:], kernel, strict=True)
    for (image, out, size), by, apart, before in zip(extents, *steps, sides, strict=False):
        places = (o * by + k * apart - before for o in range(out) for k in range(size))
        share *= sum(0 <= place < image for place in places) / (out * size)
    return share


def apply_channel_lanes(
    schedule: Schedule, conv: Tensor, config: Mapping[str, Any], vectors: VectorUnit
) -> None:
    """Append the steps for `conv`, and for the one stage that may follow it element for element.

    Args:
        schedule: it has no steps yet.
        conv: the convolution's result.
        config: `tile`, one of `channel_tiles`, and `depth`, `unroll`, `weights` and `parallel` of
            the convolution's template.

    Raises:
        ScheduleError: a step is illegal.
    """
    sizes, block = Gathering.of(conv), schedule[conv].name
    lanes = config["tile"][-1]
    for stage in stages([conv]):
        if stage is not conv and skips(conv):
            schedule[stage].compute_inline()
            schedule[block].skip_zeros()
        elif stage is not conv:
            shared = 2 if config["parallel"] else 0
            pad_nest(extents_of(stage), conv.dtype, vectors, shared).apply(schedule[stage])
    is_shared = config["weights"] == "first"
    panels = _in_panels(schedule, block, inputs([conv])[1].name, lanes, config["depth"] * is_shared)
    group = f"oc // {sizes.channels}, oc % {sizes.channels} // {lanes}"
    by_channels = f"n, oc, y, x -> n, {group}, y, x, oc % {lanes}"
    schedule[block].transform_block_layout(by_channels)
    result = finish(schedule, conv, block, by_channels)
    loops = _multiply(schedule, block, config)
    task = innermost(loops, [("p2", 0), ("p1", 0), ("p0", 0)])
    around = innermost(loops, [("ic", 0)]) or task
    if task is not None:
        schedule[result].reverse_compute_at(block, task)
    if is_shared:
        around = _as_they_stand(schedule, panels, config["parallel"])
    elif around is not None:
        schedule[panels].compute_at(block, around)
    _transpose_panels(schedule, panels, around, vectors.lanes(sizes.size_bytes))
    _transpose_sums(schedule, result, depth_of(schedule, result, task), sizes, vectors)


def _in_panels(schedule: Schedule, block: str, weights: str, lanes: int, depth: int) -> str:
    """The block that lays out weights: channels that are lanes stand beside each other.

    Where panels are of all weights, they are in the order in which `depth` channels are read, so
    that they come from memory in one go; else `depth` is 0.
    """
    before = set(schedule.blocks)
    schedule[block].cache_read(weights)
    (panels,) = set(schedule.blocks) - before
    inside = f"i // {depth}, h, w, i % {depth}" if depth else "i, h, w"
    layout = f"o, i, h, w -> o // {lanes}, {inside}, o % {lanes}"
    schedule[panels].transform_layout(panels, layout)
    schedule[panels].transform_block_layout(layout)
    return panels


def _multiply(schedule: Schedule, block: str, config: Mapping[str, Any]) -> dict[Part, str]:
    """The nest of the sums, and the loops that its parts became.

    The positions of a window stand outside the input channels: which of them lie beside the image
    is settled before the innermost loop then, and no register holds an element for its neighbour.
    """
    return Nest(
        extents=inner_extents(schedule, block, 0),
        cuts={"p4": (config["tile"][2],), "ic": (config["depth"],)},
        order=[
            ("p0", 0), ("p1", 0), ("p2", 0), ("ic", 0), ("p3", 0), ("p4", 0), ("kh", 0), ("kw", 0),
            ("ic", 1), ("p4", 1), ("p5", 0),
        ],
        parallel=3 if config["parallel"] else 0,
        unrolled=[*written_out(config["unroll"], "kh", "kw"), ("p4", 1)],
        vectorized=("p5", 0),
    ).apply(schedule[block])  # fmt: skip


def _as_they_stand(schedule: Schedule, panels: str, is_parallel: bool) -> str | None:
    """Let all weights be read in the order in which memory holds a kernel; the loop over panels."""
    own = inner_extents(schedule, panels, 0)
    names = [name for name in ("p0", "p1", "p4", "p2", "p3", "p5") if name in own]
    if len(names) > 1:
        schedule[panels].reorder(*names)
    if "p0" not in names:
        return None
    if is_parallel:
        schedule[panels].parallel("p0")
    return "p0"


def _transpose_panels(schedule: Schedule, panels: str, around: str | None, full: int) -> None:
    """Rows of weights become lanes, a square at a time, in the loops inside `around`.

    A square is as wide as a vector: several in one body are only more for the compiler to look at.
    """
    stage = schedule[panels]
    extents = inner_extents(schedule, panels, depth_of(schedule, panels, around))
    *rest, lanes = extents
    if prod(extents[name] for name in rest) > TOGETHER:
        rows, row = stage.split(fused(stage, rest), TOGETHER)
        stage.unroll(row)
        if extents[lanes] > full:
            squares, lanes = map(str, stage.split(lanes, full))
            stage.reorder(rows, squares, row, lanes)
    stage.vectorize(lanes)


def _transpose_sums(
    schedule: Schedule, block: str, around: int, sizes: Gathering, vectors: VectorUnit
) -> None:
    """Pixels become lanes, in the loops over rows, columns and channels inside `around` others."""
    stage, full = schedule[block], vectors.lanes(sizes.size_bytes)
    extents = inner_extents(schedule, block, around)
    *pixels, channels = extents
    if extents.get("p4", 0) > sizes.width:
        # Tiles reach beyond the rows, so no vector goes from one row to the next.
        pixels, extents["p4"] = ["p4"], sizes.width
    if not pixels:
        stage.vectorize(channels)
        return
    count = prod(extents[name] for name in pixels)
    flat = fused(stage, pixels)
    outer, inner = stage.split(channels, full)
    order = [outer, inner, flat]
    if count > full:
        lanes = [full >> n for n in range(3)]
        least = min(waste(count, n) for n in lanes)
        width = next(n for n in lanes if waste(count, n) <= max(MOST_IDLE, least))
        strip, flat = stage.split(flat, width)
        order = [outer, strip, inner, flat]
    stage.reorder(*order)
    stage.unroll(inner)
    stage.vectorize(flat)
