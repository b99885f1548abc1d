"""Convolution of signals and of volumes: in one and three dimensions what `conv2d` is in two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ops.convolution import Convolution
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.window import Padding
from tvmlab.ops.workload import Array, Workload

Numbers = int | tuple[int, ...]
"""One for every dimension of an image; one number for all."""


def conv1d(
    batch: int,
    in_channels: int,
    width: int,
    out_channels: int,
    kernel: int,
    stride: int = 1,
    padding: Padding = "SAME",
    dilation: int = 1,
    groups: int = 1,
    dtype: str = "float32",
) -> Workload:
    """The convolution of signals with kernels, both in the order channels, width.

    C[n, oc, ow] = sum over ic, kw of P[n, ic, ow * stride + kw * dilation] * W[oc, ic, kw], where
    P is A in its zeros, and ic goes over the input channels of oc's group.

    Args:
        batch, in_channels, width: the shape of A.
        out_channels: kernels; W has shape (out_channels, in_channels / groups, kernel).
        kernel: elements of a kernel.
        stride: elements between windows.
        padding: see `tvmlab.ops.window.Padding`.
        dilation: from one element that a kernel meets to the next.
        groups: parts of the input channels, each with its share of the kernels.
        dtype: of images and kernels, as of the operands of `tvmlab.ops.matmul`.

    Raises:
        UsageError: an argument is out of its range.
    """
    return _workload("conv1d", locals())


def conv3d(
    batch: int,
    in_channels: int,
    depth: int,
    height: int,
    width: int,
    out_channels: int,
    kernel: Numbers,
    stride: Numbers = 1,
    padding: Padding = "SAME",
    dilation: Numbers = 1,
    groups: int = 1,
    dtype: str = "float32",
) -> Workload:
    """The convolution of volumes with kernels, both in the order channels, depth, height, width.

    As `conv1d` says, along each of three dimensions.

    Args:
        batch, in_channels, depth, height, width: the shape of A.
        out_channels: kernels; W has shape (out_channels, in_channels / groups, *kernel).
        kernel, stride, dilation: one number, or one for each dimension.
        padding, groups, dtype: as of `conv1d`.

    Raises:
        UsageError: an argument is out of its range.
    """
    return _workload("conv3d", locals())


def _workload(name: str, args: Mapping[str, Any]) -> Workload:
    conv = Convolution.of(name, args)

    def compute(images: Array, weights: Array) -> tuple[Array, ...]:
        return (conv.reference(images, weights),)

    out = conv.expression()
    return Workload(name, dict(args), (out,), conv.flops, compute, {"cpu": GenericTemplate})


OPERATORS = (
    Operator(
        conv1d,
        GenericTemplate,
        ("batch", "in_channels", "width", "out_channels", "kernel", "stride"),
    ),
    Operator(
        conv3d,
        GenericTemplate,
        ("batch", "in_channels", "depth", "height", "width", "out_channels", "kernel", "stride"),
    ),
)
