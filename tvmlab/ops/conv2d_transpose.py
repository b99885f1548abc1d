"""Transposed convolution of images: each element spreads a kernel over the result.

Written from the result's side, as a gather. Only every `stride`-th element of a kernel meets a
place of the result, and all places of one phase, that is of one remainder by the stride, meet the
same ones. So a phase is an ordinary convolution with a part of the kernel (the sub-pixel form of
Shi et al., arXiv 1609.07009), no multiplication meets a zero between elements, and the phases are
interleaved at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir.expr import Const, select
from tvmlab.ops import checks
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.window import Window
from tvmlab.ops.workload import Array, Workload
from tvmlab.te import Tensor

Pair = int | tuple[int, int]
"""Rows and columns; one number for both."""
Sizes = tuple[int, ...]
NAME = "conv2d_transpose"


def conv2d_transpose(
    batch: int,
    in_channels: int,
    height: int,
    width: int,
    out_channels: int,
    kernel: Pair,
    stride: Pair = 1,
    padding: Pair = 0,
    dtype: str = "float32",
) -> Workload:
    """The transposed convolution of images, the gradient of `conv2d` by its images.

    Y[n, oc, y, x] = sum of A[n, ic, h, w] * W[ic, oc, kh, kw] over ic and over all h, w, kh, kw
    with h * stride + kh - padding = y and w * stride + kw - padding = x. Its images are of
    (height - 1) * stride + kernel - 2 * padding rows, as PyTorch's.

    Args:
        batch, in_channels, height, width: the shape of A.
        out_channels: W has shape (in_channels, out_channels, height, width of a kernel).
        kernel: height and width of a kernel.
        stride: rows and columns between the places where elements of A put their kernels.
        padding: rows and columns cut off on every side.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range, or nothing is left of the result.
    """
    n, ic = checks.size(NAME, "batch", batch), checks.size(NAME, "in_channels", in_channels)
    oc = checks.size(NAME, "out_channels", out_channels)
    image = checks.size(NAME, "height", height), checks.size(NAME, "width", width)
    kernels = checks.sizes(NAME, "kernel", kernel)
    strides = checks.sizes(NAME, "stride", stride)
    cuts = checks.widths(NAME, "padding", padding, 2)
    checks.float_dtype(NAME, dtype)
    size = _left(_spread(image, kernels, strides), cuts, padding)
    a = te.placeholder((n, ic, *image), dtype, "A")
    w = te.placeholder((ic, oc, *kernels), dtype, "W")

    def compute(images: Array, weights: Array) -> tuple[Array, ...]:
        whole = _put(images, weights, strides)
        rows, columns = (slice(c, c + e) for c, e in zip(cuts, size, strict=True))
        return (whole[:, :, rows, columns],)

    args = {
        "batch": n, "in_channels": ic, "height": image[0], "width": image[1], "out_channels": oc,
        "kernel": kernel, "stride": stride, "padding": padding, "dtype": dtype,
    }  # fmt: skip
    flops = 2 * prod((n, ic, oc, *image, *kernels))
    outputs = (_interleaved(_phases(a, w, size, strides, cuts), size),)
    return Workload(NAME, args, outputs, flops, compute, {"cpu": GenericTemplate})


def _spread(image: Sequence[int], kernels: Sequence[int], strides: Sequence[int]) -> Sizes:
    """Rows and columns of the result before anything is cut off."""
    return tuple((i - 1) * s + k for i, s, k in zip(image, strides, kernels, strict=True))


def _left(spread: Sizes, cuts: Sizes, padding: Pair) -> Sizes:
    """Rows and columns that are left; UsageError where none are."""
    size = tuple(e - 2 * c for e, c in zip(spread, cuts, strict=True))
    if min(size) < 1:
        raise UsageError(
            f"{NAME} was given padding={padding!r}, which leaves nothing of {spread[0]} x "
            f"{spread[1]}; use less."
        )
    return size


def _interleaved(sums: Tensor, size: Sizes) -> Tensor:
    """Y from the sums of its phases, which `_phases` made."""
    n, oc, down, across = sums.extents[:4]
    return te.compute(
        (n, oc, *size),
        lambda n, oc, y, x: sums[n, oc, y % down, x % across, y // down, x // across],
        name="Y",
    )


def _put(images: Array, weights: Array, strides: Sizes) -> Array:
    """The result before anything is cut off: every element of the images puts its kernels."""
    (n, _, *image), (_, oc, *kernels) = images.shape, weights.shape
    whole = np.zeros((n, oc, *_spread(image, kernels, strides)))
    for row, column in np.ndindex(*kernels):
        rows = slice(row, row + image[0] * strides[0], strides[0])
        columns = slice(column, column + image[1] * strides[1], strides[1])
        taken = weights[:, :, row, column]
        whole[:, :, rows, columns] += np.einsum("nchw,cd->ndhw", images, taken)
    return whole


def _phases(a: Tensor, w: Tensor, size: Sizes, strides: Sizes, cuts: Sizes) -> Tensor:
    """S[n, oc, r, s, q, p]: the sums of row `stride * q + r` and column `stride * p + s` of Y.

    That row and the padding make `stride * t + u`. It meets row `t - k` of A with row
    `stride * k + u` of a kernel, for as many k as a kernel has such rows.
    """
    (n, ic, *image), (_, oc, *kernels) = a.extents, w.extents
    each = list(zip(size, strides, cuts, image, kernels, strict=True))
    taps = tuple(-(-k // s) for _, s, _, _, k in each)
    counts = tuple(-(-e // s) for e, s, *_ in each)
    # What lies after A: up to the last t, and the taps' own width before it.
    after = tuple(max(0, -(-e // s) + (s - 1 + c) // s - i) for e, s, c, i, _ in each)
    before = tuple(t - 1 for t in taps)
    padded = Window(tuple(image), taps, (1, 1), before, after).pad(a)
    part = _even(w, tuple(t * s for t, s in zip(taps, strides, strict=True)))
    (rows, columns), (sh, sw), (top, left) = taps, strides, cuts
    c = te.reduce_axis((0, ic), "ic")
    kh, kw = te.reduce_axis((0, rows), "kh"), te.reduce_axis((0, columns), "kw")
    return te.compute(
        (n, oc, *strides, *counts),
        lambda n, oc, r, s, q, p: te.sum(
            padded[n, c, q + (r + top) // sh + kh, p + (s + left) // sw + kw]
            * part[
                c,
                oc,
                (rows - 1 - kh) * sh + (r + top) % sh,
                (columns - 1 - kw) * sw + (s + left) % sw,
            ],
            axis=[c, kh, kw],
        ),
        name="S",
    )


def _even(w: Tensor, size: Sizes) -> Tensor:
    """Kernels with zeros behind them, up to a whole number of strides."""
    rows, columns = w.extents[2:]
    if size == (rows, columns):
        return w
    return te.compute(
        (*w.extents[:2], *size),
        lambda ic, oc, h, w_: select(
            (h < rows) & (w_ < columns), w[ic, oc, h, w_], Const(0.0, w.dtype)
        ),
        name="K",
    )


OPERATOR = Operator(
    conv2d_transpose,
    GenericTemplate,
    ("batch", "in_channels", "height", "width", "out_channels", "kernel", "stride", "padding"),
)
