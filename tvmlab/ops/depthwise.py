"""Depthwise convolution: every channel of an image with a kernel of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.checks import float_dtype, size, sizes
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, blocks, extents_of, inner_extents
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.window import STRIDES, Padding, Window, padding_guesses
from tvmlab.ops.window_schedule import pad_nest, unroll_knob, written_out
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs


def depthwise_conv2d(
    batch: int,
    channels: int,
    height: int,
    width: int,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    padding: Padding = "SAME",
    dtype: str = "float32",
) -> Workload:
    """The convolution of every channel of images with a kernel of its own.

    C[n, c, oh, ow] = sum over kh, kw of P[n, c, oh * stride + kh, ow * stride + kw] * W[c, kh, kw],
    where P is A in its zeros.

    Args:
        batch, channels, height, width: the shape of A.
        kernel: height and width of a kernel; one number for both. W is (channels, height, width).
        stride: rows and columns between windows; one number for both.
        padding: see `tvmlab.ops.window.Padding`.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    name = "depthwise_conv2d"
    n, ch = size(name, "batch", batch), size(name, "channels", channels)
    image = size(name, "height", height), size(name, "width", width)
    kernels, strides = sizes(name, "kernel", kernel), sizes(name, "stride", stride)
    float_dtype(name, dtype)
    window = Window.fit(name, image, kernels, strides, padding)
    a = te.placeholder((n, ch, *image), dtype, name="A")
    w = te.placeholder((ch, *kernels), dtype, name="W")
    p = window.pad(a)
    kh, kw = te.reduce_axis((0, kernels[0]), name="kh"), te.reduce_axis((0, kernels[1]), name="kw")
    sh, sw = strides
    out = te.compute(
        (n, ch, *window.out),
        lambda n, c, oh, ow: te.sum(
            p[n, c, oh * sh + kh, ow * sw + kw] * w[c, kh, kw], axis=[kh, kw]
        ),
        name="C",
    )

    def compute(images: Array, weights: Array) -> tuple[Array, ...]:
        return (np.einsum("nchwij,cij->nchw", window.views(images), weights),)

    args = {
        "batch": n, "channels": ch, "height": image[0], "width": image[1], "kernel": kernel,
        "stride": stride, "padding": padding, "dtype": dtype,
    }  # fmt: skip
    flops = 2 * prod((n, ch, *window.out, *kernels))
    return Workload(name, args, (out,), flops, compute, {"cpu": DepthwiseTemplate})


class DepthwiseTemplate(ScheduleTemplate):
    """Channel by channel: its zeros are written, and its sums taken while they are near.

    Several rows of a strip of columns stay in registers. The windows of neighbouring rows
    overlap, so with windows written out the rows share their loads.
    """

    kind = "depthwise_conv2d"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The register tile, the channels of a task, what is written out, where zeros are made."""
        (out,) = outputs
        return (
            ChoiceKnob("tile", self._tiles(out)),
            ChoiceKnob("channels", powers(1, out.extents[1])),
            unroll_knob(_kernel(out)),
            switch("inside"),
            switch("parallel"),
        )

    def _tiles(self, out: Tensor) -> tuple[tuple[int, ...], ...]:
        """(rows, columns) of C that fit in the registers."""
        *_, height, width = out.extents
        size_bytes = dtypes.size_bytes(out.dtype)
        rows = [(r,) for r in row_choices(height)]
        return register_tiles(
            rows, lane_choices(width, size_bytes, self.vectors), size_bytes, self.vectors
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """The tile that wastes and loads least; whole windows written out; few channels a task."""
        (out,) = outputs
        size_bytes = dtypes.size_bytes(out.dtype)
        rows, columns = _kernel(out)

        def loads(tile: tuple[int, ...]) -> float:
            """Each row of the image once for every column of a window; its weights."""
            vectors = self.vectors.vectors(tile[1], size_bytes)
            return (tile[0] + rows - 1) * vectors / rows + 0.5

        def fits(tile: tuple[int, ...]) -> bool:
            """Whether the sums, the rows they share and a window's weights have a register each."""
            vectors = self.vectors.vectors(tile[1], size_bytes)
            rows_in_use = 2 * tile[0] + rows - 1
            return rows_in_use * vectors + rows * columns <= self.vectors.registers

        tiles = self._tiles(out)
        fitting = [t for t in tiles if fits(t)] or [min(tiles)]
        return {
            "tile": best_tile(fitting, out.extents[2:], size_bytes, self.vectors, loads),
            "channels": nearest(powers(1, out.extents[1]), 8),
            "unroll": unroll_knob((rows, columns)).options[-1],
            "inside": True,
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """A nest for the sums, and one for the zeros, if there are any, inside it or before."""
        *padding, (out, last) = blocks(schedule.outputs)
        extents = extents_of(out)
        n, c, y, x, kh, kw = extents
        rows, lanes = config["tile"]
        shared = 2 if config["parallel"] else 0
        loops = Nest(
            extents=extents,
            cuts={c: (config["channels"],), y: (rows,), x: (lanes,)},
            order=[
                (n, 0), (c, 0), (c, 1), (y, 0), (x, 0), (kh, 0), (kw, 0), (y, 1), (x, 1),
            ],
            parallel=shared,
            unrolled=[*written_out(config["unroll"], kh, kw), (y, 1)],
            vectorized=(x, 1),
        ).apply(schedule[out])  # fmt: skip
        for _, block in padding:
            if config["inside"]:
                at = next(loops[part] for part in ((c, 1), (c, 0), (n, 0)) if part in loops)
                schedule[block].compute_at(last, at)
                around = [str(loop) for loop in schedule[last].loops].index(at) + 1
                own = inner_extents(schedule, block, around)
                pad_nest(own, out.dtype, self.vectors).apply(schedule[block])
            else:
                own = inner_extents(schedule, block, 0)
                pad_nest(own, out.dtype, self.vectors, shared).apply(schedule[block])


def _kernel(out: Tensor) -> tuple[int, int]:
    """Height and width of a window."""
    rows, columns = out.reduce_axes
    return rows.count, columns.count


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """Small strides and the paddings that fit, for inputs of four and three dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) != 1 or [len(t.extents) for t in (out, *given)] != [4, 4, 3]:
        return
    (n, channels, *image), (_, *kernel) = given[0].extents, given[1].extents
    for padding in padding_guesses(outputs):
        for stride in STRIDES:
            yield {
                "batch": n, "channels": channels, "height": image[0], "width": image[1],
                "kernel": tuple(kernel), "stride": stride, "padding": padding, "dtype": out.dtype,
            }  # fmt: skip


OPERATOR = Operator(
    depthwise_conv2d,
    DepthwiseTemplate,
    ("batch", "channels", "height", "width", "kernel", "stride"),
    guesses,
)
