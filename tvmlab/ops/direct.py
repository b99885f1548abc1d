"""Convolutions without a copy of their windows: tiles of several channels, rows and columns.

Windows next to each other overlap, so the vector loads of a step mostly hit what the step before
has brought near. Vectors run along the rows of the image, so narrow images leave lanes idle.

Windows that are some columns apart read every second element, say: so where zeros are put around
the image anyway, that copy is made in phases, `P[.., column % 2, column // 2]`, in which neighbours
are what neighbouring windows read. Each element is moved once, however many windows see it, and not
once for each as in panels (`tvmlab.ops.gathered`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ir import dtypes
from tvmlab.ops.choices import nearest, powers
from tvmlab.ops.convolution import Steps
from tvmlab.ops.gathered import LEAST_CHANNELS, Gathering, innermost
from tvmlab.ops.knobs import Option
from tvmlab.ops.nest import Nest, extents_of, inner_extents
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.ops.window_schedule import pad_nest, written_out
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import stages

SHALLOW = 16
"""Input channels below which a copy of them is little beside what is computed of them."""

TOGETHER = 4
"""Rows of the result for which an image in phases is copied at once."""

MAX_ROWS = 4
"""Rows of an image in a register tile; more channels use each loaded vector more often."""


def direct_tiles(conv: Tensor, vectors: VectorUnit) -> tuple[tuple[int, ...], ...]:
    """(channels, rows, columns) of the output that fit in the registers."""
    _, channels, height, width = conv.extents
    size_bytes = dtypes.size_bytes(conv.dtype)
    rows = [(c, r) for c in row_choices(channels) for r in row_choices(height) if r <= MAX_ROWS]
    return register_tiles(rows, lane_choices(width, size_bytes, vectors), size_bytes, vectors)


def direct_default(conv: Tensor, vectors: VectorUnit) -> dict[str, Option]:
    """The tile that loads least for each multiply-add; all input channels at once, and few output
    channels a task."""
    size_bytes = dtypes.size_bytes(conv.dtype)
    lanes = vectors.lanes(size_bytes)
    return {
        "tile": best_tile(
            direct_tiles(conv, vectors),
            conv.extents[1:],
            size_bytes,
            vectors,
            lambda t: t[0] / vectors.broadcasts + t[1] * t[2] / lanes,
        ),
        "channels": powers(LEAST_CHANNELS, conv.extents[1])[0],
        "rows": 1,
        "depth": conv.reduce_axes[0].count,
    }


def phased_default(
    conv: Tensor, sizes: Gathering, vectors: VectorUnit
) -> tuple[float, dict[str, Option]]:
    """About what a multiply-add of one pixel with one channel costs in cycles, with an image in
    phases of few channels, and the choices that cost so much; infinity where there are no phases.

    All output channels use what is copied for some rows; more rows copy fewer of them twice.
    """
    if _phases(conv) == 1 or sizes.depth >= SHALLOW:
        return float("inf"), {}
    tiles = [t for t in direct_tiles(conv, vectors) if t[1] == 1]
    costs = {t: sizes.sum_cycles(sizes.width, (t[0], t[2]), vectors) for t in tiles}
    tile = min(tiles, key=lambda t: costs[t])
    return costs[tile] / (sizes.channels * sizes.width), {
        "tile": tile,
        "channels": sizes.channels,
        "rows": nearest(sizes.row_options(), TOGETHER),
        "depth": sizes.depth,
    }


def _phases(conv: Tensor) -> int:
    """Columns from one window to the next where zeros around the image are a copy; else 1."""
    steps = Steps.of(conv)
    return steps.stride[1] if steps is not None and len(stages([conv])) > 1 else 1


def apply_direct(
    schedule: Schedule, conv: Tensor, config: Mapping[str, Any], vectors: VectorUnit
) -> None:
    """Append the steps: a nest for the zeros, if there are any, one for the sums of `conv`, and one
    inside it for the stage that may follow element for element.

    Args:
        schedule: it has no steps yet.
        conv: the convolution's result.
        config: `tile`, one of `direct_tiles`, and `depth`, `channels`, `rows`, `unroll` and
            `parallel` of the convolution's template.

    Raises:
        ScheduleError: a step is illegal.
    """
    phases = _phases(conv)
    for stage in stages([conv]):
        if stage is not conv and phases == 1:
            shared = 2 if config["parallel"] else 0
            pad_nest(extents_of(stage), conv.dtype, vectors, shared).apply(schedule[stage])
    extents = extents_of(conv)
    n, c, y, x, ic, kh, kw = extents
    channels, rows, lanes = config["tile"]
    whole = -(-extents[c] // channels) if config["channels"] >= extents[c] else 0
    loops = Nest(
        extents=extents,
        cuts={
            c: (whole or max(1, config["channels"] // channels), channels),
            y: (max(1, config["rows"] // rows), rows),
            x: (lanes,),
            ic: (config["depth"],),
        },
        order=[
            (n, 0), (c, 0), (y, 0), (ic, 0), (y, 1), (c, 1), (x, 0), (ic, 1), (kh, 0), (kw, 0),
            (y, 2), (c, 2), (x, 1),
        ],
        parallel=3 if config["parallel"] else 0,
        unrolled=[*written_out(config["unroll"], kh, kw), (y, 2), (c, 2)],
        vectorized=(x, 1),
    ).apply(schedule[conv])  # fmt: skip
    if phases > 1:
        task = innermost(loops, [(ic, 0), (y, 0), (c, 0), (n, 0)])
        _copy_in_phases(schedule, conv, task, phases, vectors)
    if conv not in schedule.outputs:
        around = (
            [(x, 0), (c, 1), (y, 1), (y, 0), (c, 0), (n, 0)] if loops.get((ic, 0)) is None else []
        )
        _follow(schedule, conv, [loops[part] for part in around if part in loops], vectors)


def _copy_in_phases(
    schedule: Schedule, conv: Tensor, task: str | None, phases: int, vectors: VectorUnit
) -> None:
    """Put zeros around what a task reads of the image, its columns apart by what is left of them
    divided by `phases`."""
    zeros = stages([conv])[0]
    padding = schedule[zeros]
    if task is not None:
        padding.compute_at(schedule[conv].name, task)
    padding.transform_layout(zeros.name, f"n, c, h, w -> n, c, h, w % {phases}, w // {phases}")
    columns = str(padding.loops[-1])
    quotient, phase = padding.split(columns, phases)
    padding.reorder(phase, quotient)
    each = -(-zeros.extents[-1] // phases)
    lanes = lane_choices(each, dtypes.size_bytes(conv.dtype), vectors)[-1]
    padding.vectorize(padding.split(quotient, lanes)[1] if each > lanes else quotient)


def _follow(schedule: Schedule, conv: Tensor, loops: list[str], vectors: VectorUnit) -> None:
    """Take the result of `conv` to the next stage in the first of `loops`, or else after them."""
    (out,) = schedule.outputs
    if loops:
        schedule[out].reverse_compute_at(schedule[conv].name, loops[0])
    names = [str(loop) for loop in schedule[out].loops]
    around = names.index(loops[0]) + 1 if loops else 0
    extents = inner_extents(schedule, schedule[out].name, around)
    if extents:
        pad_nest(extents, out.dtype, vectors).apply(schedule[out])
