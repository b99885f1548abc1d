"""Depthwise convolution: every channel of an image with a kernel of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.checks import float_dtype, size, sizes
from tvmlab.ops.choices import powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, loop_names
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.window import STRIDES, Padding, Window, padding_guesses
from tvmlab.ops.window_schedule import pad_nest, unroll_knob, written_out
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages


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
    """Rows of a strip of columns in registers; the rows of a window overlap, so their loads are
    shared by the rows written out. Channels are shared out among threads."""

    kind = "depthwise_conv2d"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The register tile, the rows of a task, and what is written out."""
        (out,) = outputs
        return (
            ChoiceKnob("tile", self._tiles(out)),
            ChoiceKnob("rows", powers(8, out.extents[2])),
            unroll_knob(tuple(a.extent for a in out.reduce_axes)),
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
        """The tile that wastes and loads least; whole windows written out; channels as tasks."""
        (out,) = outputs
        size_bytes = dtypes.size_bytes(out.dtype)
        lanes = self.vectors.lanes(size_bytes)
        kernel = tuple(a.extent for a in out.reduce_axes)
        # Written out, a window loads each row once: rows + kernel rows - 1 loads for each column.
        tile = best_tile(
            self._tiles(out),
            out.extents[2:],
            size_bytes,
            self.vectors,
            lambda t: (t[0] + kernel[0] - 1) / kernel[0] * (t[1] / lanes) + 0.5,
        )
        return {
            "tile": tile,
            "rows": out.extents[2],
            "unroll": unroll_knob(kernel).options[-1],
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """A nest for the zeros, if there are any, and one for the sums."""
        (out,) = schedule.outputs
        for stage in stages(schedule.outputs):
            if stage is not out:
                pad_nest(stage, self.vectors, bool(config["parallel"])).apply(schedule[stage])
        n, c, y, x, kh, kw = names = loop_names(out)
        extents = (*out.extents, *(a.extent for a in out.reduce_axes))
        rows, lanes = config["tile"]
        Nest(
            extents=dict(zip(names, extents, strict=True)),
            cuts={y: (max(1, config["rows"] // rows), rows), x: (lanes,)},
            order=[
                (n, 0), (c, 0), (y, 0), (y, 1), (x, 0), (kh, 0), (kw, 0), (y, 2), (x, 1),
            ],
            parallel=3 if config["parallel"] else 0,
            unrolled=[*written_out(config["unroll"], kh, kw), (y, 2)],
            vectorized=(x, 1),
        ).apply(schedule[out])  # fmt: skip


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
