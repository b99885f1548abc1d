"""Pooling: the largest or the mean element of every window, or of a whole image."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Const, Expr
from tvmlab.ops import checks
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.window import Padding, Window
from tvmlab.ops.workload import Array, Workload

Numbers = int | tuple[int, ...]
"""One for every dimension of an image; one number for all."""


def max_pool(
    shape: Sequence[int],
    kernel: Numbers = 2,
    stride: Numbers | None = None,
    padding: Padding = "VALID",
    dtype: str = "float32",
) -> Workload:
    """The largest element of every window of images.

    Y[n, c, oh, ow] = the largest of P[n, c, oh * stride + kh, ow * stride + kw] over kh and kw,
    where P is A with the lowest number of its dtype around it; one or three dimensions likewise.

    Args:
        shape: of A: batch, channels, and one to three extents of an image.
        kernel: the extents of a window.
        stride: from one window to the next; as the kernel if None.
        padding: see `tvmlab.ops.window.Padding`.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    return _pool("max_pool", shape, kernel, stride, padding, dtype)


def avg_pool(
    shape: Sequence[int],
    kernel: Numbers = 2,
    stride: Numbers | None = None,
    padding: Padding = "VALID",
    dtype: str = "float32",
) -> Workload:
    """The mean of every window of images; what lies outside counts as zero.

    Arguments as those of `max_pool`.

    Raises:
        UsageError: an argument is out of its range.
    """
    return _pool("avg_pool", shape, kernel, stride, padding, dtype)


def _pool(
    name: str,
    shape: Sequence[int],
    kernel: Numbers,
    stride: Numbers | None,
    padding: Padding,
    dtype: str,
) -> Workload:
    extents = image_shape(name, shape)
    checks.float_dtype(name, dtype)
    image = extents[2:]
    kernels = checks.sizes(name, "kernel", kernel, len(image))
    strides = kernels if stride is None else checks.sizes(name, "stride", stride, len(image))
    window = Window.fit(name, image, kernels, strides, padding)
    is_max = name == "max_pool"
    outside = float(dtypes.lowest(dtype)) if is_max else 0.0
    padded = window.pad(te.placeholder(extents, dtype, "A"), outside)
    letters = "dhw"[3 - len(image) :]
    folded = [te.reduce_axis((0, k), f"k{d}") for d, k in zip(letters, kernels, strict=True)]

    def window_at(*at: Expr) -> Expr:
        places = zip(at[2:], strides, folded, strict=True)
        return padded[(*at[:2], *(o * s + k for o, s, k in places))]

    def element(*at: Expr) -> Expr:
        if is_max:
            return te.max(window_at(*at), axis=folded)
        return te.sum(window_at(*at) * Const(1 / prod(kernels), dtype), axis=folded)

    axes = ("n", "c", *(f"o{d}" for d in letters))
    out = te.compute((*extents[:2], *window.out), element, name="Y", axes=axes)
    places = tuple(range(-len(image), 0))

    def compute(images: Array) -> tuple[Array, ...]:
        views = window.views(images, outside)
        return (views.max(axis=places) if is_max else views.mean(axis=places),)

    args = {
        "shape": extents, "kernel": kernel, "stride": stride, "padding": padding, "dtype": dtype,
    }  # fmt: skip
    flops = prod(out.extents) * prod(kernels) * (1 if is_max else 2)
    return Workload(name, args, (out,), flops, compute, {"cpu": GenericTemplate})


def global_pool(shape: Sequence[int], fold: str = "mean", dtype: str = "float32") -> Workload:
    """The mean or the largest element of each whole image: Y[n, c] from A[n, c, ...].

    Args:
        shape: of A: batch, channels, and one to three extents of an image.
        fold: mean or max.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    extents = image_shape("global_pool", shape)
    checks.float_dtype("global_pool", dtype)
    if fold not in ("mean", "max"):
        raise UsageError(f"global_pool was given fold={fold!r}; it is mean or max.")
    a = te.placeholder(extents, dtype, "A")
    folded = [te.reduce_axis((0, k), f"k{d}") for d, k in enumerate(extents[2:])]

    def element(n: Expr, c: Expr) -> Expr:
        if fold == "max":
            return te.max(a[(n, c, *folded)], axis=folded)
        return te.sum(a[(n, c, *folded)] * Const(1 / prod(extents[2:]), dtype), axis=folded)

    out = te.compute(extents[:2], element, name="Y")
    places = tuple(range(2, len(extents)))

    def compute(images: Array) -> tuple[Array, ...]:
        return (np.max(images, places) if fold == "max" else np.mean(images, places),)

    args = {"shape": extents, "fold": fold, "dtype": dtype}
    return Workload("global_pool", args, (out,), prod(extents), compute, {"cpu": GenericTemplate})


def image_shape(operator: str, shape: Sequence[int]) -> tuple[int, ...]:
    """`shape` as batch, channels and one to three extents of an image.

    Raises:
        UsageError: it is none.
    """
    extents = checks.shape(operator, "shape", shape)
    if not 3 <= len(extents) <= 5:
        raise UsageError(
            f"{operator} was given shape={list(extents)}; it has a batch, channels, and one to "
            "three extents of an image."
        )
    return extents


OPERATORS = tuple(
    Operator(make, GenericTemplate, ("*shape",)) for make in (max_pool, avg_pool, global_pool)
)
