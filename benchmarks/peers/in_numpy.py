"""Workloads in NumPy; it has no convolution, so windows are gathered and multiplied as matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from peers.call import Array, Call, window_of
from tvmlab.ops import Workload
from tvmlab.ops.layer_norm import EPSILON
from tvmlab.ops.window import Window


def matmul(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    left, right = arrays
    return lambda: np.matmul(left.T if workload.args["transpose_a"] else left, right, out=out)


def multiply_add_relu(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    a, b, c = arrays

    def call() -> Array:
        np.multiply(a, b, out=out)
        np.add(out, c, out=out)
        return np.maximum(out, 0, out=out)

    return call


def softmax(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    (x,) = arrays

    def call() -> Array:
        np.subtract(x, x.max(axis=1, keepdims=True), out=out)
        np.exp(out, out=out)
        return np.divide(out, out.sum(axis=1, keepdims=True), out=out)

    return call


def layer_norm(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    x, gamma, beta = arrays

    def call() -> Array:
        np.subtract(x, x.mean(axis=1, keepdims=True), out=out)
        scale = 1 / np.sqrt(np.einsum("ij,ij->i", out, out)[:, None] / x.shape[1] + EPSILON)
        np.multiply(out, scale.astype(x.dtype), out=out)
        np.multiply(out, gamma, out=out)
        return np.add(out, beta, out=out)

    return call


def conv2d(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    images, weights = arrays
    window = window_of(workload)

    def call() -> Array:
        folded = np.tensordot(weights, window.views(images)[0], ((1, 2, 3), (0, 3, 4)))
        return folded[None]

    return call


def depthwise_conv2d(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    images, weights = arrays
    window = window_of(workload)
    return lambda: _shifted_sums(window, images, weights)


def _shifted_sums(window: Window, images: Array, weights: Array) -> Array:
    """A depthwise convolution as whole images, shifted, scaled and added up."""
    views = window.views(images)
    total = views[..., 0, 0] * weights[None, :, 0, 0, None, None]
    for row, column in np.ndindex(*window.kernel):
        if (row, column) != (0, 0):
            total += views[..., row, column] * weights[None, :, row, column, None, None]
    return total


def batch_matmul(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    left, right = arrays
    return lambda: np.matmul(left, right, out=out)


CALLS: Mapping[str, Callable[[Workload, Sequence[Array], Array], Call]] = {
    "matmul": matmul,
    "batch_matmul": batch_matmul,
    "multiply_add_relu": multiply_add_relu,
    "softmax": softmax,
    "layer_norm": layer_norm,
    "conv2d": conv2d,
    "depthwise_conv2d": depthwise_conv2d,
}


def make(workload: Workload, arrays: Sequence[Array]) -> Call | None:
    """The workload as a call, or None where it is not written here."""
    found = CALLS.get(workload.name)
    out = np.empty(workload.tensors[0].extents, workload.tensors[0].dtype)
    return found(workload, arrays, out) if found is not None else None
