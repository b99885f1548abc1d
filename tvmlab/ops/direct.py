"""Convolutions without a copy of their windows: tiles of several channels, rows and columns.

Windows next to each other overlap, so the vector loads of a step mostly hit what the step before
has brought near. Vectors run along the rows of the image, so narrow images leave lanes idle, and
windows a stride apart have to be shuffled together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ir import dtypes
from tvmlab.ops.choices import powers
from tvmlab.ops.gathered import LEAST_CHANNELS
from tvmlab.ops.knobs import Option
from tvmlab.ops.nest import Nest, extents_of, inner_extents
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.ops.window_schedule import pad_nest, written_out
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import stages

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
            lambda t: t[0] / 2 + t[1] * t[2] / lanes,
        ),
        "channels": powers(LEAST_CHANNELS, conv.extents[1])[0],
        "depth": conv.reduce_axes[0].count,
    }


def apply_direct(
    schedule: Schedule, conv: Tensor, config: Mapping[str, Any], vectors: VectorUnit
) -> None:
    """Append the steps: a nest for the zeros, if there are any, one for the sums of `conv`, and one
    inside it for the stage that may follow element for element.

    Args:
        schedule: it has no steps yet.
        conv: the convolution's result.
        config: `tile`, one of `direct_tiles`, and `depth`, `channels`, `unroll` and `parallel` of
            the convolution's template.

    Raises:
        ScheduleError: a step is illegal.
    """
    for stage in stages([conv]):
        if stage is not conv:
            shared = 2 if config["parallel"] else 0
            pad_nest(extents_of(stage), conv.dtype, vectors, shared).apply(schedule[stage])
    extents = extents_of(conv)
    n, c, y, x, ic, kh, kw = extents
    channels, rows, lanes = config["tile"]
    loops = Nest(
        extents=extents,
        cuts={
            c: (max(1, config["channels"] // channels), channels),
            y: (rows,),
            x: (lanes,),
            ic: (config["depth"],),
        },
        order=[
            (n, 0), (c, 0), (y, 0), (ic, 0), (c, 1), (x, 0), (ic, 1), (kh, 0), (kw, 0),
            (y, 1), (c, 2), (x, 1),
        ],
        parallel=3 if config["parallel"] else 0,
        unrolled=[*written_out(config["unroll"], kh, kw), (y, 1), (c, 2)],
        vectorized=(x, 1),
    ).apply(schedule[conv])  # fmt: skip
    if conv not in schedule.outputs:
        around = [(x, 0), (c, 1), (y, 0), (c, 0), (n, 0)] if loops.get((ic, 0)) is None else []
        _follow(schedule, conv, [loops[part] for part in around if part in loops], vectors)


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
