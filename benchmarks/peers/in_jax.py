"""Workloads in JAX, compiled by XLA; its threads are those of the cores the process may use."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peers.call import Array, Contender, first_factors, groups_of, window_of, with_first_state
from tvmlab.ops import Workload
from tvmlab.ops.layer_norm import EPSILON

Function = Callable[..., Any]


def matmul(jax: Any, workload: Workload) -> Function:
    transposed = workload.args["transpose_a"]
    return lambda a, b: jax.numpy.matmul(a.T if transposed else a, b)


def dense(jax: Any, workload: Workload) -> Function:
    has_relu = bool(workload.args["relu"])

    def call(x: Any, w: Any, b: Any) -> Any:
        total = jax.numpy.matmul(x, w) + b
        return jax.numpy.maximum(total, 0) if has_relu else total

    return call


def batch_matmul(jax: Any, workload: Workload) -> Function:
    return jax.numpy.matmul


def narrow_matmul(jax: Any, workload: Workload) -> Function:
    wide = workload.tensors[0].dtype
    return lambda a, b: jax.numpy.matmul(a, b, preferred_element_type=wide)


def multiply_add_relu(jax: Any, workload: Workload) -> Function:
    return lambda a, b, c: jax.numpy.maximum(a * b + c, 0)


def softmax(jax: Any, workload: Workload) -> Function:
    return lambda x: jax.nn.softmax(x, axis=1)


def layer_norm(jax: Any, workload: Workload) -> Function:
    def call(x: Any, gamma: Any, beta: Any) -> Any:
        mean, variance = x.mean(1, keepdims=True), x.var(1, keepdims=True)
        return (x - mean) / jax.numpy.sqrt(variance + EPSILON) * gamma + beta

    return call


def conv2d(jax: Any, workload: Workload) -> Function:
    window, groups = window_of(workload), groups_of(workload)
    top, left, bottom, right = window.sides

    def call(image: Any, weights: Any) -> Any:
        return jax.lax.conv_general_dilated(
            image,
            weights[:, None] if groups > 1 else weights,
            window.stride,
            ((top, bottom), (left, right)),
            dimension_numbers=("NCHW", "OIHW", "NCHW"),
            feature_group_count=groups,
        )

    return call


def depthwise_bn_relu(jax: Any, workload: Workload) -> Function:
    convolve = conv2d(jax, workload)

    def call(image: Any, weights: Any, scale: Any, shift: Any) -> Any:
        sums = convolve(image, weights)
        return jax.numpy.maximum(sums * scale[:, None, None] + shift[:, None, None], 0)

    return call


def conv2d_bias_relu(jax: Any, workload: Workload) -> Function:
    convolve = conv2d(jax, workload)
    return lambda image, weights, bias: jax.numpy.maximum(
        convolve(image, weights) + bias[:, None, None], 0
    )


def attention(jax: Any, workload: Workload) -> Function:
    def call(q: Any, k: Any, v: Any) -> Any:
        scores = jax.numpy.einsum("bhyz,bhxz->bhyx", q, k) * q.shape[-1] ** -0.5
        return jax.numpy.einsum("bhyx,bhxd->bhyd", jax.nn.softmax(scores, axis=-1), v)

    return call


def transpose(jax: Any, workload: Workload) -> Function:
    axes = workload.args["axes"]
    # Without the addition XLA only notes that the dimensions are read in another order.
    return lambda x: jax.numpy.transpose(x, axes) + x.dtype.type(0)


def reduce(jax: Any, workload: Workload) -> Function:
    fold, axes = getattr(jax.numpy, workload.args["by"]), workload.args["axes"]
    return lambda x: fold(x, axis=axes)


def blur(jax: Any, workload: Workload) -> Function:
    def call(x: Any) -> Any:
        across = x[:, :-2] + x[:, 1:-1] + x[:, 2:]
        return (across[:-2] + across[1:-1] + across[2:]) * (1 / 9)

    return call


FUNCTIONS: Mapping[str, Callable[[Any, Workload], Function]] = {
    "matmul": matmul,
    "dense": dense,
    "batch_matmul": batch_matmul,
    "narrow_matmul": narrow_matmul,
    "multiply_add_relu": multiply_add_relu,
    "softmax": softmax,
    "layer_norm": layer_norm,
    "conv2d": conv2d,
    "depthwise_conv2d": conv2d,
    "depthwise_bn_relu": depthwise_bn_relu,
    "conv2d_bias_relu": conv2d_bias_relu,
    "attention": attention,
    "transpose": transpose,
    "reduce": reduce,
    "blur": blur,
}


def lstm(jax: Any, p: Any, each: Any, w: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
    p = p + each * w
    i, f, o = (jax.nn.sigmoid(p[n]) for n in (0, 1, 3))
    c = f * state[1] + i * jax.numpy.tanh(p[2])
    return o * jax.numpy.tanh(c), c


def gru(jax: Any, p: Any, each: Any, w: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
    r, z = jax.nn.sigmoid(p[:2] + each * w[:2])
    n = jax.numpy.tanh(each * w[2] + r * p[2])
    return (1 - z) * n + z * state[0], state[1]


CELLS: Mapping[str, Callable[..., tuple[Any, Any]]] = {"lstm": lstm, "gru": gru}
"""From the product, the input, its weights and the states before to the new states."""


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as a contender, or None where it is not written here."""
    found, cell = FUNCTIONS.get(workload.name), CELLS.get(workload.name)
    if found is None and cell is None:
        return None
    jax = importlib.import_module("jax")
    jax.config.update("jax_platforms", "cpu")
    if cell is not None:
        return _layer(jax, cell, arrays)
    function = jax.jit(found(jax, workload))
    given = [jax.device_put(a) for a in arrays]
    return Contender(lambda: function(*given).block_until_ready())


def _layer(jax: Any, cell: Callable[..., tuple[Any, Any]], arrays: Sequence[Array]) -> Contender:
    """A recurrent layer as a scan over an input of one feature."""
    x, w = map(jax.device_put, first_factors(arrays[0]))
    gates, batch, hidden = w.shape
    weights = jax.device_put(arrays[1].reshape(hidden, gates * hidden))

    @jax.jit
    def run(x: Any, w: Any, weights: Any) -> Any:
        def step(state: tuple[Any, Any], each: Any) -> tuple[tuple[Any, Any], Any]:
            p = (state[0] @ weights).reshape(batch, gates, hidden).swapaxes(0, 1)
            state = cell(jax, p, each, w, state)
            return state, state[0]

        zero = jax.numpy.zeros((batch, hidden), w.dtype)
        return jax.lax.scan(step, (zero, zero), x)[1]

    return Contender(lambda: run(x, w, weights).block_until_ready(), result=with_first_state)
