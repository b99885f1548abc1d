"""Convolution of images: batch, channels, height, width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.checks import float_dtype, size, sizes
from tvmlab.ops.choices import dividing, nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, extents_of
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.window import STRIDES, Padding, Window, padding_guesses
from tvmlab.ops.window_schedule import pad_nest, unroll_knob, written_out
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages

MAX_ROWS = 4
"""Rows of an image in a register tile; more channels use each loaded vector more often."""


def conv2d(
    batch: int,
    in_channels: int,
    height: int,
    width: int,
    out_channels: int,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    padding: Padding = "SAME",
    dtype: str = "float32",
) -> Workload:
    """The convolution of images with kernels, both in the order channels, height, width.

    C[n, oc, oh, ow] = sum over ic, kh, kw of P[n, ic, oh * stride + kh, ow * stride + kw] *
    W[oc, ic, kh, kw], where P is A in its zeros.

    Args:
        batch, in_channels, height, width: the shape of A.
        out_channels: kernels; W has shape (out_channels, in_channels, height, width of a kernel).
        kernel: height and width of a kernel; one number for both.
        stride: rows and columns between windows; one number for both.
        padding: see `tvmlab.ops.window.Padding`.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    n, ic = size("conv2d", "batch", batch), size("conv2d", "in_channels", in_channels)
    oc = size("conv2d", "out_channels", out_channels)
    image = size("conv2d", "height", height), size("conv2d", "width", width)
    kernels, strides = sizes("conv2d", "kernel", kernel), sizes("conv2d", "stride", stride)
    float_dtype("conv2d", dtype)
    window = Window.fit("conv2d", image, kernels, strides, padding)
    a = te.placeholder((n, ic, *image), dtype, name="A")
    w = te.placeholder((oc, ic, *kernels), dtype, name="W")
    p = window.pad(a)
    c = te.reduce_axis((0, ic), name="ic")
    kh, kw = te.reduce_axis((0, kernels[0]), name="kh"), te.reduce_axis((0, kernels[1]), name="kw")
    sh, sw = strides
    out = te.compute(
        (n, oc, *window.out),
        lambda n, oc, oh, ow: te.sum(
            p[n, c, oh * sh + kh, ow * sw + kw] * w[oc, c, kh, kw], axis=[c, kh, kw]
        ),
        name="C",
    )

    def compute(images: Array, weights: Array) -> tuple[Array, ...]:
        folded = np.tensordot(window.views(images), weights, ((1, 4, 5), (1, 2, 3)))
        return (np.moveaxis(folded, 3, 1),)

    args = {
        "batch": n, "in_channels": ic, "height": image[0], "width": image[1],
        "out_channels": oc, "kernel": kernel, "stride": stride, "padding": padding,
        "dtype": dtype,
    }  # fmt: skip
    flops = 2 * prod((n, oc, *window.out, ic, *kernels))
    return Workload("conv2d", args, (out,), flops, compute, {"cpu": Conv2dTemplate})


class Conv2dTemplate(ScheduleTemplate):
    """Tiles of C in registers: several output channels and rows of a strip of columns.

    The zeros around A are written first, by a stage of their own. For the outputs of one task,
    all input channels and window positions are added up in registers, or `depth` channels at a
    time. Windows next to each other overlap, so the vector loads of a step mostly hit what the
    step before has brought near.
    """

    kind = "conv2d"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The register tile, the block of channels, the depth, and what is written out."""
        (out,) = outputs
        ic = out.reduce_axes[0].count
        return (
            ChoiceKnob("tile", self._tiles(out)),
            ChoiceKnob("channels", powers(16, out.extents[1])),
            ChoiceKnob("depth", dividing(ic, 8)),
            ChoiceKnob("outer", ("channels", "rows")),
            unroll_knob(tuple(a.count for a in out.reduce_axes[1:])),
            switch("parallel"),
        )

    def _tiles(self, out: Tensor) -> tuple[tuple[int, ...], ...]:
        """(channels, rows, columns) of C that fit in the registers."""
        _, channels, height, width = out.extents
        size_bytes = dtypes.size_bytes(out.dtype)
        rows = [(c, r) for c in row_choices(channels) for r in row_choices(height) if r <= MAX_ROWS]
        lanes = lane_choices(width, size_bytes, self.vectors)
        return register_tiles(rows, lanes, size_bytes, self.vectors)

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """The tile that loads least for each multiply-add; all input channels at once."""
        (out,) = outputs
        size_bytes = dtypes.size_bytes(out.dtype)
        lanes = self.vectors.lanes(size_bytes)
        kernel = tuple(a.count for a in out.reduce_axes[1:])
        tile = best_tile(
            self._tiles(out),
            out.extents[1:],
            size_bytes,
            self.vectors,
            lambda t: t[0] / 2 + t[1] * t[2] / lanes,
        )
        return {
            "tile": tile,
            "channels": nearest(powers(16, out.extents[1]), 16),
            "depth": out.reduce_axes[0].count,
            "outer": "channels",
            "unroll": unroll_knob(kernel).options[-1],
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """A nest for the zeros, if there are any, and one for the sums."""
        (out,) = schedule.outputs
        for stage in stages(schedule.outputs):
            if stage is not out:
                shared = 2 if config["parallel"] else 0
                pad_nest(extents_of(stage), out.dtype, self.vectors, shared).apply(schedule[stage])
        extents = extents_of(out)
        n, c, y, x, ic, kh, kw = extents
        channels, rows, lanes = config["tile"]
        tasks = [(c, 0), (y, 0)] if config["outer"] == "channels" else [(y, 0), (c, 0)]
        Nest(
            extents=extents,
            cuts={
                c: (max(1, config["channels"] // channels), channels),
                y: (rows,),
                x: (lanes,),
                ic: (config["depth"],),
            },
            order=[
                (n, 0), *tasks, (ic, 0), (c, 1), (x, 0), (ic, 1), (kh, 0), (kw, 0),
                (y, 1), (c, 2), (x, 1),
            ],
            parallel=3 if config["parallel"] else 0,
            unrolled=[*written_out(config["unroll"], kh, kw), (y, 1), (c, 2)],
            vectorized=(x, 1),
        ).apply(schedule[out])  # fmt: skip


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """Small strides and the paddings that fit, for two inputs of four dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) != 1 or [len(t.extents) for t in (out, *given)] != [4, 4, 4]:
        return
    (n, ic, *image), (oc, _, *kernel) = given[0].extents, given[1].extents
    for padding in padding_guesses(outputs):
        for stride in STRIDES:
            yield {
                "batch": n, "in_channels": ic, "height": image[0], "width": image[1],
                "out_channels": oc, "kernel": tuple(kernel), "stride": stride,
                "padding": padding, "dtype": out.dtype,
            }  # fmt: skip


OPERATOR = Operator(
    conv2d,
    Conv2dTemplate,
    ("batch", "in_channels", "height", "width", "out_channels", "kernel", "stride"),
    guesses,
)
