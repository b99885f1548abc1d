"""A convolution with its bias and ReLU, in one kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ops.conv2d import Conv2dTemplate, convolution_guesses
from tvmlab.ops.convolution import Convolution
from tvmlab.ops.operator import Operator
from tvmlab.ops.window import Padding
from tvmlab.ops.workload import Array, Workload
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, reads


def conv2d_bias_relu(
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
    """The convolution of images with kernels, a bias for each channel added, and ReLU.

    D[n, oc, oh, ow] = max(C[n, oc, oh, ow] + B[oc], 0), where C is the result of
    `tvmlab.ops.conv2d` with the same arguments.

    Args:
        batch, in_channels, height, width: the shape of A.
        out_channels: kernels; W has shape (out_channels, in_channels / groups, height, width of a
            kernel), B has shape (out_channels).
        kernel, stride, padding, dtype, dilation, groups: see `tvmlab.ops.conv2d`.

    Raises:
        UsageError: an argument is out of its range.
    """
    args = {
        "batch": batch, "in_channels": in_channels, "height": height, "width": width,
        "out_channels": out_channels, "kernel": kernel, "stride": stride, "padding": padding,
        "dtype": dtype, "dilation": dilation, "groups": groups,
    }  # fmt: skip
    convolution = Convolution.of("conv2d_bias_relu", args)
    c = convolution.expression()
    b = te.placeholder((c.extents[1],), c.dtype, name="B")
    out = te.compute(
        c.extents,
        lambda n, oc, oh, ow: te.max(c[n, oc, oh, ow] + b[oc], te.const(0, c.dtype)),
        name="D",
    )

    def compute(images: Array, weights: Array, bias: Array) -> tuple[Array, ...]:
        sums = convolution.reference(images, weights)
        return (np.maximum(sums + bias[:, None, None], 0),)

    flops = convolution.flops + 2 * prod(c.extents)
    templates = {"cpu": Conv2dBiasReluTemplate}
    return Workload("conv2d_bias_relu", args, (out,), flops, compute, templates)


class Conv2dBiasReluTemplate(Conv2dTemplate):
    """As of a convolution; bias and ReLU are taken where sums leave their panel, or their tile."""

    kind = "conv2d_bias_relu"

    def convolution(self, outputs: Sequence[Tensor]) -> Tensor:
        """What the result reads first."""
        return reads(outputs[0])[0]


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """The guesses of the convolution that the one output reads first."""
    if len(outputs) != 1 or outputs[0].body is None or outputs[0].reduce_axes:
        return
    below = reads(outputs[0])
    if below and below[0].body is not None:
        yield from convolution_guesses(below[0], inputs([below[0]]))


OPERATOR = Operator(
    conv2d_bias_relu,
    Conv2dBiasReluTemplate,
    ("batch", "in_channels", "height", "width", "out_channels", "kernel", "stride"),
    guesses,
)
