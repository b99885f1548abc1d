"""Workloads in PyTorch: eager, and with what it lets its users lay out beforehand.

Laid out are, for a convolution, the image as channels_last and the weights in oneDNN's blocks, as
`torch.compile(freezing=True)` does for a model; for a product with weights, these. `torch.compile`
itself needs a C++ compiler and half a minute for each workload, and is left out.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from peers import mapped_in_torch
from peers.call import (
    Array,
    Call,
    Contender,
    first_factors,
    groups_of,
    has_weights,
    threads,
    window_of,
    with_first_state,
)
from tvmlab.ops import Workload
from tvmlab.ops.layer_norm import EPSILON


def matmul(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    left = given[0].T if workload.args["transpose_a"] else given[0]
    out = torch.empty(workload.tensors[0].extents)
    return lambda: torch.matmul(left, given[1], out=out)


def dense(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    x, w, b = given
    out = torch.empty(workload.tensors[0].extents)
    if workload.args["relu"]:
        return lambda: torch.relu_(torch.addmm(b, x, w, out=out))
    return lambda: torch.addmm(b, x, w, out=out)


def multiply_add_relu(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    out = torch.empty(workload.tensors[0].extents)
    return lambda: torch.relu_(torch.addcmul(given[2], given[0], given[1], out=out))


def softmax(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    return lambda: torch.softmax(given[0], 1)


def layer_norm(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    x, gamma, beta = given
    return lambda: torch.nn.functional.layer_norm(x, x.shape[1:], gamma, beta, EPSILON)


def conv2d(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    window, groups = window_of(workload), groups_of(workload)
    top, left, bottom, right = window.sides
    weights = given[1].unsqueeze(1) if groups > 1 else given[1]
    functional = torch.nn.functional
    bias = given[2] if len(given) > 2 else None

    def call() -> Any:
        image = given[0]
        if (top, left) == (bottom, right):
            return functional.conv2d(
                image, weights, bias, stride=window.stride, padding=(top, left), groups=groups
            )
        padded = functional.pad(image, (left, right, top, bottom))
        return functional.conv2d(padded, weights, bias, stride=window.stride, groups=groups)

    return call


def conv2d_bias_relu(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    convolved = conv2d(torch, workload, given)
    return lambda: torch.relu_(convolved())


def depthwise_bn_relu(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    """The normalisation folded into the convolution's weights and bias, as for inference."""
    image, weights, scale, shift = given
    window, groups = window_of(workload), groups_of(workload)
    top, left, bottom, right = window.sides
    folded = (weights * scale[:, None, None]).unsqueeze(1)
    functional = torch.nn.functional
    is_even = (top, left) == (bottom, right)

    def call() -> Any:
        padded = image if is_even else functional.pad(image, (left, right, top, bottom))
        sides = (top, left) if is_even else (0, 0)
        sums = functional.conv2d(padded, folded, shift, window.stride, sides, groups=groups)
        return torch.relu_(sums)

    return call


def batch_matmul(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    out = torch.empty(workload.tensors[0].extents)
    return lambda: torch.bmm(*given, out=out)


def narrow_matmul(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    if workload.args["dtype"] == "uint8":
        return lambda: torch._int_mm(*given)
    return lambda: torch.matmul(*given)


def lstm(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    return _layer(torch, torch.nn.LSTM, given)


def gru(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    return _layer(torch, torch.nn.GRU, given)


def _layer(torch: Any, kind: Any, given: Sequence[Any]) -> Call:
    """A layer whose input has one feature."""
    x, w = map(torch.from_numpy, first_factors(given[0].numpy()))
    hidden, gates, _ = given[1].shape
    layer = kind(1, hidden, bias=False)
    layer.weight_ih_l0.copy_(w.reshape(gates * hidden, 1))
    layer.weight_hh_l0.copy_(given[1].reshape(hidden, gates * hidden).T)
    sequence = x.reshape(-1, 1, 1)
    return lambda: layer(sequence)[0]


def lstm_cell(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    inputs = {tensor.name: array for tensor, array in zip(workload.inputs, given, strict=True)}
    x, h, c, w, bias = (inputs[name] for name in ("X", "H", "C", "W", "B"))
    joint = w.reshape(len(w), -1).T.contiguous()
    of_input, of_state = (part.contiguous() for part in joint.split([x.shape[1], h.shape[1]], 1))
    offsets = bias.reshape(-1)
    none = torch.zeros_like(offsets)
    return lambda: torch.lstm_cell(x, (h, c), of_input, of_state, offsets, none)


def _both_states(states: Any) -> Array:
    """The hidden and the cell state as one array."""
    return np.stack([_array(state) for state in states])


def attention(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    return lambda: torch.nn.functional.scaled_dot_product_attention(*given)


CALLS: Mapping[str, Callable[[Any, Workload, Sequence[Any]], Call]] = {
    "matmul": matmul,
    "batch_matmul": batch_matmul,
    "dense": dense,
    "multiply_add_relu": multiply_add_relu,
    "attention": attention,
    "softmax": softmax,
    "layer_norm": layer_norm,
    "conv2d": conv2d,
    "conv2d_bias_relu": conv2d_bias_relu,
    "depthwise_conv2d": conv2d,
    "depthwise_bn_relu": depthwise_bn_relu,
    "narrow_matmul": narrow_matmul,
    "lstm": lstm,
    "lstm_cell": lstm_cell,
    "gru": gru,
    **mapped_in_torch.CALLS,
}


RESULTS: Mapping[str, Callable[[Any], Array]] = {
    "lstm": with_first_state,
    "gru": with_first_state,
    "lstm_cell": _both_states,
}
"""What makes an array of what a call gives, where that is no tensor of the workload's shape."""


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as its users say it, or None where it is not written here."""
    found = CALLS.get(workload.name)
    if found is None:
        return None
    torch = _ready()
    call = found(torch, workload, [_tensor(torch, a) for a in arrays])
    return Contender(_without_gradients(torch, call), result=RESULTS.get(workload.name, _array))


CONVOLUTIONS = ("conv2d", "conv2d_bias_relu", "depthwise_conv2d", "depthwise_bn_relu")


def make_laid_out(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload with its weights, and a convolution's image, in the layout oneDNN likes best."""
    torch = _ready()
    if workload.name in CONVOLUTIONS:
        call, ready = _laid_out_convolution(torch, workload, arrays), "weights, image"
    elif workload.name in ("matmul", "dense") and has_weights(workload):
        call, ready = _laid_out_product(torch, workload, arrays), "weights"
    else:
        return None
    return Contender(_without_gradients(torch, call), ready)


def _laid_out_convolution(torch: Any, workload: Workload, arrays: Sequence[Array]) -> Call:
    image, weights, *rest = map(torch.from_numpy, arrays)
    after, shift = ("relu", rest[-1]) if rest else ("none", None)
    if len(rest) > 1:
        weights = weights * rest[0][:, None, None]
    window, groups = window_of(workload), groups_of(workload)
    if groups > 1:
        weights = weights.unsqueeze(1)
    top, left, bottom, right = window.sides
    if (top, left) != (bottom, right):
        image, top, left = torch.nn.functional.pad(image, (left, right, top, bottom)), 0, 0
    image = image.to(memory_format=torch.channels_last)
    shape = ((top, left), window.stride, (1, 1), groups)
    packed = torch._C._nn.mkldnn_reorder_conv2d_weight(weights.to_mkldnn(), *shape, image.shape)
    run = torch.ops.mkldnn._convolution_pointwise
    return lambda: run(image, packed, shift, *shape, after, [], "")


def _laid_out_product(torch: Any, workload: Workload, arrays: Sequence[Array]) -> Call:
    left, right, *bias = map(torch.from_numpy, arrays)
    if workload.args.get("transpose_a"):
        left = left.T
    after = "relu" if workload.args.get("relu") else "none"
    packed = torch.ops.mkldnn._reorder_linear_weight(right.T.contiguous(), len(left))
    run = torch.ops.mkldnn._linear_pointwise
    return lambda: run(left, packed, bias[0] if bias else None, after, [], "")


def _ready() -> Any:
    """PyTorch, on the threads it is to use."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(threads())
    torch.set_grad_enabled(False)
    return torch


def _tensor(torch: Any, array: Array) -> Any:
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _array(tensor: Any) -> Array:
    """A tensor of any layout and dtype as an array."""
    found = tensor.contiguous()
    if str(found.dtype) == "torch.bfloat16":
        return np.asarray(found.view(dtype=_int16()).numpy().view(ml_dtypes.bfloat16))
    return np.asarray(found.numpy())


def _int16() -> Any:
    return importlib.import_module("torch").int16


def _without_gradients(torch: Any, call: Call) -> Call:
    """The call in PyTorch's inference mode, entered once for each call as its users do."""
    return torch.inference_mode()(call)
