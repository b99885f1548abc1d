"""Convolution of images: batch, channels, height, width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tvmlab.ops.channel_lanes import apply_channel_lanes, channel_default, channel_tiles
from tvmlab.ops.checks import FLOATS
from tvmlab.ops.choices import dividing, powers, switch
from tvmlab.ops.convolution import Convolution, Steps
from tvmlab.ops.direct import apply_direct, direct_default, direct_tiles, phased_default
from tvmlab.ops.gathered import LEAST_CHANNELS, LEAST_DEPTH, Gathering, apply_gathered
from tvmlab.ops.gpu.direct_conv2d import DirectConv2d
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.operator import Operator
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.ops.window import Padding, padding_guesses
from tvmlab.ops.window_schedule import unroll_knob
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs

FEW = 8
"""Output channels of a group below which windows are used too seldom to be gathered."""


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
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Workload:
    """The convolution of images with kernels, both in the order channels, height, width.

    C[n, oc, oh, ow] = sum over ic, kh, kw of P[n, first + ic, oh * stride + kh * dilation,
    ow * stride + kw * dilation] * W[oc, ic, kh, kw], where P is A in its zeros and `first` the
    first input channel of the group that oc belongs to; with one group it is 0. W is promised to be
    finite: whether an infinite weight makes NaN of a zero beside the image is left open.

    Args:
        batch, in_channels, height, width: the shape of A.
        out_channels: kernels; W has shape (out_channels, in_channels / groups, height, width of a
            kernel).
        kernel: height and width of a kernel; one number for both.
        stride: rows and columns between windows; one number for both.
        padding: see `tvmlab.ops.window.Padding`.
        dtype: of images and kernels, as of the operands of `tvmlab.ops.matmul`.
        dilation: rows and columns from one element of a window to the next; one number for both.
        groups: how many parts of equal size the channels of A and those of C fall into; each part
            of C is made of the like part of A alone.

    Raises:
        UsageError: an argument is out of its range.
    """
    args = {
        "batch": batch, "in_channels": in_channels, "height": height, "width": width,
        "out_channels": out_channels, "kernel": kernel, "stride": stride, "padding": padding,
        "dtype": dtype, "dilation": dilation, "groups": groups,
    }  # fmt: skip
    convolution = Convolution.of("conv2d", args)

    def compute(images: Array, weights: Array) -> tuple[Array, ...]:
        return (convolution.reference(images, weights),)

    made = (convolution.expression(),)
    own: dict[str, Callable[[VectorUnit], ScheduleTemplate]] = {"cpu": Conv2dTemplate}
    if dtype in FLOATS:
        own["cuda"] = DirectConv2d  # of narrow numbers TensorCores make a product
    return Workload("conv2d", args, made, convolution.flops, compute, own)


class Conv2dTemplate(ScheduleTemplate):
    """Sums of a tile in registers, in one of three forms.

    *Gathered* copies the windows of some rows to a panel that stays in the cache, and multiplies
    weights by it (`tvmlab.ops.gathered`): a tile of channels and pixels. *Direct* reads the image
    itself (`tvmlab.ops.direct`): a tile of channels, rows and columns. *By channels* lays out the
    weights instead (`tvmlab.ops.channel_lanes`): a tile of 1, 1, columns and channels.
    """

    kind = "conv2d"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The form and its tile, the rows of the image in a panel, input channels at once, output
        channels of a task, what is written out, where zeros are made, when weights are laid out."""
        conv = self.convolution(outputs)
        sizes = Gathering.of(conv)
        tiles = sizes.tiles(self.vectors), direct_tiles(conv, self.vectors)
        return (
            ChoiceKnob("tile", (*tiles[0], *tiles[1], *channel_tiles(sizes, self.vectors))),
            ChoiceKnob("rows", sizes.row_options()),
            ChoiceKnob("depth", dividing(sizes.depth, LEAST_DEPTH)),
            ChoiceKnob("channels", powers(LEAST_CHANNELS, sizes.channels)),
            unroll_knob(sizes.kernel),
            ChoiceKnob("zeros", ("inline", "copy")),
            ChoiceKnob("weights", ("task", "first")),
            switch("parallel"),
        )

    def convolution(self, outputs: Sequence[Tensor]) -> Tensor:
        """The stage that is the convolution itself."""
        return outputs[0]

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Where channels are few, directly; else in the form and with the tile that cost least."""
        conv = self.convolution(outputs)
        sizes = Gathering.of(conv)
        positions = unroll_knob(sizes.kernel).options
        cost, chosen = sizes.default(self.vectors)
        unroll = sizes.unroll(self.vectors)
        if sizes.channels < FEW:
            chosen |= direct_default(conv, self.vectors)
            unroll = str(positions[-1])
        else:
            by_channels, other = channel_default(conv, sizes, self.vectors)
            phased, third = phased_default(conv, sizes, self.vectors)
            if by_channels < min(cost, phased):
                chosen |= other
                unroll = "columns" if "columns" in positions and sizes.padded else "none"
            elif phased < cost:
                chosen |= third
                unroll = "none"
        return {
            **chosen,
            "unroll": unroll,
            "zeros": "inline" if sizes.across == 1 else "copy",
            "weights": "first" if inputs([conv])[1].constant else "task",
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The steps of the form that the tile is of."""
        conv = self.convolution(schedule.outputs)
        forms = {2: apply_gathered, 3: apply_direct, 4: apply_channel_lanes}
        forms[len(config["tile"])](schedule, conv, config, self.vectors)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """The strides, dilations and groups that stand in it, for two inputs of four dimensions."""
    if len(outputs) == 1:
        yield from convolution_guesses(outputs[0], inputs(outputs))


def convolution_guesses(conv: Tensor, given: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """The arguments with which `conv` may have been made from `given`, image and kernels first."""
    steps = Steps.of(conv)
    if steps is None or [len(t.extents) for t in given[:2]] != [4, 4]:
        return
    (n, channels, height, width), (oc, ic, *kernel) = given[0].extents, given[1].extents
    for padding in padding_guesses([conv]):
        yield {
            "batch": n, "in_channels": channels, "height": height, "width": width,
            "out_channels": oc, "kernel": tuple(kernel), "stride": steps.stride,
            "padding": padding, "dtype": given[0].dtype, "dilation": steps.dilation,
            "groups": channels // ic,
        }  # fmt: skip


OPERATOR = Operator(
    conv2d,
    Conv2dTemplate,
    ("batch", "in_channels", "height", "width", "out_channels", "kernel", "stride"),
    guesses,
)
