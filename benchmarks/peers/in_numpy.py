"""Workloads in NumPy; it has no convolution, so windows are gathered and multiplied as matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from peers import mapped_in_numpy
from peers.call import (
    Array,
    Call,
    Contender,
    first_factors,
    result_array,
    window_of,
    with_first_state,
)
from tvmlab.ops import Workload
from tvmlab.ops.layer_norm import EPSILON
from tvmlab.ops.window import Window


def matmul(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    left, right = arrays
    return lambda: np.matmul(left.T if workload.args["transpose_a"] else left, right, out=out)


def dense(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    x, w, b = arrays

    def call() -> Array:
        np.matmul(x, w, out=out)
        np.add(out, b, out=out)
        return np.maximum(out, 0, out=out) if workload.args["relu"] else out

    return call


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


def conv2d_bias_relu(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    convolved, bias = conv2d(workload, arrays[:2], out), arrays[2][:, None, None]

    def call() -> Array:
        np.add(convolved(), bias, out=out)
        return np.maximum(out, 0, out=out)

    return call


def depthwise_conv2d(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    images, weights = arrays
    window = window_of(workload)
    return lambda: _shifted_sums(window, images, weights)


def depthwise_bn_relu(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    images, weights, scale, shift = arrays
    window, by, plus = window_of(workload), scale[:, None, None], shift[:, None, None]

    def call() -> Array:
        total = _shifted_sums(window, images, weights)
        total *= by
        total += plus
        return np.maximum(total, 0, out=out)

    return call


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


def narrow_matmul(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    left, right = arrays
    if workload.args["dtype"] != "uint8":
        return lambda: np.matmul(left.astype(np.float32), right.astype(np.float32), out=out)
    # NumPy multiplies integers without BLAS; in float64 the sums are exact.
    return lambda: np.matmul(left.astype(np.float64), right.astype(np.float64)).astype(np.int32)


def lstm(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    (x, w), weights = first_factors(arrays[0]), _gates_side_by_side(arrays[1])
    gates, batch, hidden = w.shape

    def call() -> Array:
        h, c = np.zeros((2, batch, hidden), w.dtype)
        for step, each in enumerate(x):
            p = (h @ weights).reshape(batch, gates, hidden).swapaxes(0, 1) + each * w
            i, f, o = 1 / (1 + np.exp(-p[[0, 1, 3]]))
            c = f * c + i * np.tanh(p[2])
            h = out[step + 1] = o * np.tanh(c)
        return out[1:]

    return call


def lstm_cell(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    inputs = {tensor.name: array for tensor, array in zip(workload.inputs, arrays, strict=True)}
    x, h, c, bias = (inputs[name] for name in ("X", "H", "C", "B"))
    weights, offsets = _gates_side_by_side(inputs["W"]), bias.reshape(-1)

    def call() -> Array:
        p = np.concatenate([x, h], axis=1) @ weights + offsets
        p = p.reshape(len(x), len(bias), -1).swapaxes(0, 1)
        i, f, o = 1 / (1 + np.exp(-p[[0, 1, 3]]))
        np.add(f * c, i * np.tanh(p[2]), out=out[1])
        np.multiply(o, np.tanh(out[1]), out=out[0])
        return out

    return call


def attention(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    queries, keys, values = arrays
    scale = queries.dtype.type(queries.shape[-1] ** -0.5)

    def call() -> Array:
        scores = np.matmul(queries * scale, keys.swapaxes(-1, -2))
        np.exp(scores - scores.max(axis=-1, keepdims=True), out=scores)
        np.matmul(scores, values, out=out)
        return np.divide(out, scores.sum(axis=-1, keepdims=True), out=out)

    return call


def gru(workload: Workload, arrays: Sequence[Array], out: Array) -> Call:
    (x, w), weights = first_factors(arrays[0]), _gates_side_by_side(arrays[1])
    gates, batch, hidden = w.shape

    def call() -> Array:
        h = np.zeros((batch, hidden), w.dtype)
        for step, each in enumerate(x):
            p = (h @ weights).reshape(batch, gates, hidden).swapaxes(0, 1)
            r, z = 1 / (1 + np.exp(-(p[:2] + each * w[:2])))
            n = np.tanh(each * w[2] + r * p[2])
            h = out[step + 1] = (1 - z) * n + z * h
        return out[1:]

    return call


def _gates_side_by_side(weights: Array) -> Array:
    """The gates' weights as one matrix."""
    return np.ascontiguousarray(weights.reshape(len(weights), -1))


CALLS: Mapping[str, Callable[[Workload, Sequence[Array], Array], Call | None]] = {
    "matmul": matmul,
    "batch_matmul": batch_matmul,
    "dense": dense,
    "multiply_add_relu": multiply_add_relu,
    "attention": attention,
    "softmax": softmax,
    "layer_norm": layer_norm,
    "conv2d": conv2d,
    "conv2d_bias_relu": conv2d_bias_relu,
    "depthwise_conv2d": depthwise_conv2d,
    "depthwise_bn_relu": depthwise_bn_relu,
    "narrow_matmul": narrow_matmul,
    "lstm": lstm,
    "lstm_cell": lstm_cell,
    "gru": gru,
    **mapped_in_numpy.CALLS,
}


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as a contender, or None where it is not written here."""
    found = CALLS.get(workload.name)
    if found is None:
        return None
    call = found(workload, arrays, result_array(workload))
    if call is None:
        return None
    is_layer = workload.name in ("lstm", "gru")
    return Contender(call, result=with_first_state) if is_layer else Contender(call)
