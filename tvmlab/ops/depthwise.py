"""Depthwise convolution: every channel of an image with a kernel of its own.

Alone, or with batch normalisation and relu at each element of its result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir.expr import const
from tvmlab.ops.checks import float_dtype, size, sizes
from tvmlab.ops.depthwise_template import DepthwiseTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.window import STRIDES, Padding, Window, padding_guesses
from tvmlab.ops.workload import Array, Workload
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs


@dataclass(frozen=True)
class _Layer:
    """A depthwise convolution as operators here share it.

    Attributes:
        args: its arguments, defaults filled in.
        window: where its windows are.
        sums: the expression C.
        flops: operations of the sums.
    """

    args: dict[str, Any]
    window: Window
    sums: Tensor
    flops: int

    def compute(self, images: Array, weights: Array) -> Array:
        """The sums in NumPy."""
        result: Array = np.einsum("nchwij,cij->nchw", self.window.views(images), weights)
        return result


def _layer(
    name: str,
    batch: int,
    channels: int,
    height: int,
    width: int,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: Padding,
    dtype: str,
) -> _Layer:
    """The convolution of the operator `name`, its arguments checked."""
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
    sums = te.compute(
        (n, ch, *window.out),
        lambda n, c, oh, ow: te.sum(
            p[n, c, oh * sh + kh, ow * sw + kw] * w[c, kh, kw], axis=[kh, kw]
        ),
        name="C",
    )
    args = {
        "batch": n, "channels": ch, "height": image[0], "width": image[1], "kernel": kernel,
        "stride": stride, "padding": padding, "dtype": dtype,
    }  # fmt: skip
    return _Layer(args, window, sums, 2 * prod((n, ch, *window.out, *kernels)))


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
    layer = _layer(
        "depthwise_conv2d", batch, channels, height, width, kernel, stride, padding, dtype
    )

    def compute(images: Array, weights: Array) -> tuple[Array, ...]:
        return (layer.compute(images, weights),)

    return Workload(
        "depthwise_conv2d", layer.args, (layer.sums,), layer.flops, compute,
        {"cpu": DepthwiseTemplate},
    )  # fmt: skip


def depthwise_bn_relu(
    batch: int,
    channels: int,
    height: int,
    width: int,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    padding: Padding = "SAME",
    dtype: str = "float32",
) -> Workload:
    """A depthwise convolution, batch normalisation at inference, and relu.

    Y[n, c, y, x] = max(C[n, c, y, x] * scale[c] + shift[c], 0), with C as in `depthwise_conv2d`;
    scale and shift are what mean, variance, gamma and beta of the normalisation come to.

    Args:
        batch, channels, height, width, kernel, stride, padding, dtype: as in `depthwise_conv2d`.

    Raises:
        UsageError: an argument is out of its range.
    """
    name = "depthwise_bn_relu"
    layer = _layer(name, batch, channels, height, width, kernel, stride, padding, dtype)
    scale, shift = (
        te.placeholder((layer.sums.extents[1],), dtype, name=what) for what in ("scale", "shift")
    )
    zero = const(0, dtype)
    out = te.compute(
        layer.sums.extents,
        lambda n, c, y, x: te.max(layer.sums[n, c, y, x] * scale[c] + shift[c], zero),
        name="Y",
    )

    def compute(images: Array, weights: Array, by: Array, plus: Array) -> tuple[Array, ...]:
        sums = layer.compute(images, weights)
        return (np.maximum(sums * by[:, None, None] + plus[:, None, None], 0),)

    flops = layer.flops + 3 * prod(out.extents)
    return Workload(name, layer.args, (out,), flops, compute, {"cpu": DepthwiseBnReluTemplate})


class DepthwiseBnReluTemplate(DepthwiseTemplate):
    """The sums are scaled, shifted and cut off before they leave the registers."""

    kind = "depthwise_bn_relu"


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """Small strides and the paddings that fit, for images, weights, and what goes with channels."""
    out, given = outputs[0], inputs(outputs)
    ranks = [len(t.extents) for t in (out, *given)]
    if len(outputs) != 1 or ranks not in ([4, 4, 3], [4, 4, 3, 1, 1]):
        return
    (n, channels, *image), (_, *kernel) = given[0].extents, given[1].extents
    for padding in padding_guesses(outputs):
        for stride in STRIDES:
            yield {
                "batch": n, "channels": channels, "height": image[0], "width": image[1],
                "kernel": tuple(kernel), "stride": stride, "padding": padding, "dtype": out.dtype,
            }  # fmt: skip


SHAPE = ("batch", "channels", "height", "width", "kernel", "stride")
DEPTHWISE_CONV2D = Operator(depthwise_conv2d, DepthwiseTemplate, SHAPE, guesses)
DEPTHWISE_BN_RELU = Operator(depthwise_bn_relu, DepthwiseBnReluTemplate, SHAPE, guesses)
