"""Workloads in ONNX Runtime, as models that the package onnx writes.

Constant weights are given to it when its session is made, as its users do, so that it may lay them
out to its liking outside the timing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from peers import mapped_in_onnxruntime
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

Nodes = list[Any]


def matmul(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    kind = {"transA": 1} if workload.args["transpose_a"] else {}
    return [helper.make_node("Gemm", names, ["out"], **kind)]


def dense(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    if not workload.args["relu"]:
        return [helper.make_node("Gemm", names, ["out"])]
    return [
        helper.make_node("Gemm", names, ["total"]),
        helper.make_node("Relu", ["total"], ["out"]),
    ]


def multiply_add_relu(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [
        helper.make_node("Mul", names[:2], ["product"]),
        helper.make_node("Add", ["product", names[2]], ["total"]),
        helper.make_node("Relu", ["total"], ["out"]),
    ]


def softmax(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("Softmax", names, ["out"], axis=1)]


def layer_norm(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("LayerNormalization", names, ["out"], epsilon=EPSILON)]


def conv2d(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    window = window_of(workload)
    return [
        helper.make_node(
            "Conv", names, ["out"],
            strides=window.stride, pads=window.sides, group=groups_of(workload),
        )
    ]  # fmt: skip


def depthwise_bn_relu(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    (convolution,) = conv2d(helper, workload, names[:2])
    convolution.output[0] = "sums"
    return [
        convolution,
        helper.make_node("Mul", ["sums", names[2]], ["scaled"]),
        helper.make_node("Add", ["scaled", names[3]], ["shifted"]),
        helper.make_node("Relu", ["shifted"], ["out"]),
    ]


def conv2d_bias_relu(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    (convolution,) = conv2d(helper, workload, names)
    convolution.output[0] = "sums"
    return [convolution, helper.make_node("Relu", ["sums"], ["out"])]


def batch_matmul(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("MatMul", names, ["out"])]


def narrow_matmul(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("MatMulInteger", names, ["out"])]


def attention(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("Attention", names, ["out"])]


NODES: Mapping[str, Callable[[Any, Workload, list[str]], Nodes]] = {
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
    **mapped_in_onnxruntime.NODES,
}

OPSET = 23
"""The first with the operator Attention."""

CONSTANTS = {
    "conv2d": (1,),
    "conv2d_bias_relu": (1, 2),
    "depthwise_conv2d": (1,),
    "depthwise_bn_relu": (1, 2, 3),
    "layer_norm": (1, 2),
    **mapped_in_onnxruntime.CONSTANTS,
}
"""Which inputs are weights, by operator."""


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as its users say it, or None where it is not written here."""
    if workload.name in LAYERS:
        return _layer(workload, arrays)
    if workload.name == "lstm_cell":
        return _cell(workload, arrays)
    if not _has(workload):
        return None
    return _contender(workload, arrays, CONSTANTS.get(workload.name, ()))


def make_constant(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """A product whose right operand is given when the session is made."""
    is_product = _has(workload) and has_weights(workload)
    return _contender(workload, arrays, (1,)) if is_product else None


def _has(workload: Workload) -> bool:
    """Whether it stands in the table; the CPU has no products of bfloat16."""
    return workload.name in NODES and workload.inputs[0].dtype != "bfloat16"


def _contender(workload: Workload, arrays: Sequence[Array], constant: Sequence[int]) -> Contender:
    """The workload's nodes in a session that holds the inputs of these numbers."""
    helper = importlib.import_module("onnx").helper
    names = [t.name for t in workload.inputs]
    weights = {names[n]: arrays[n] for n in constant}
    given = {n: a for n, a in zip(names, arrays, strict=True) if n not in weights}
    if groups_of(workload) > 1:
        # Weights want the input channels of a group beside, what goes with channels an image.
        weights = {n: a[:, None] if a.ndim > 1 else a[:, None, None] for n, a in weights.items()}
    nodes = NODES[workload.name](helper, workload, names)
    tensor = workload.tensors[0]
    call = _session(nodes, given, weights, tensor.extents, tensor.dtype)
    return Contender(call, "weights" if constant else "")


LAYERS: Mapping[str, tuple[str, list[int], dict[str, Any]]] = {
    "lstm": ("LSTM", [0, 3, 1, 2], {}),
    "gru": ("GRU", [1, 0, 2], {"linear_before_reset": 1}),
}
"""Operator -> ONNX's name, our gates in its order (i, o, f, c and z, r, h), and attributes."""


def _layer(workload: Workload, arrays: Sequence[Array]) -> Contender:
    """A recurrent layer whose input has one feature."""
    kind, order, attributes = LAYERS[workload.name]
    x, w = first_factors(arrays[0])
    hidden, gates, _ = arrays[1].shape
    weights = {
        "W": w[order].reshape(1, gates * hidden, 1),
        "R": arrays[1].transpose(1, 2, 0)[order].reshape(1, gates * hidden, hidden),
    }
    helper = importlib.import_module("onnx").helper
    node = helper.make_node(kind, ["X", "W", "R"], ["out"], hidden_size=hidden, **attributes)
    constant = {name: np.ascontiguousarray(a) for name, a in weights.items()}
    extents = (len(x), 1, 1, hidden)
    call = _session([node], {"X": x.reshape(-1, 1, 1)}, constant, extents, "float32")
    return Contender(call, "weights", lambda out: with_first_state(np.asarray(out)[:, 0]))


def _cell(workload: Workload, arrays: Sequence[Array]) -> Contender:
    """A layer over a sequence of one step, from the states that are given."""
    given = {tensor.name: array for tensor, array in zip(workload.inputs, arrays, strict=True)}
    kind, order, _ = LAYERS["lstm"]
    _, batch, hidden = workload.tensors[0].extents
    many = given["X"].shape[1]
    weights = given["W"].transpose(1, 2, 0)[order].reshape(1, len(order) * hidden, -1)
    bias = given["B"][order].reshape(1, -1)
    constant = {
        "W": np.ascontiguousarray(weights[..., :many]),
        "R": np.ascontiguousarray(weights[..., many:]),
        "B": np.concatenate([bias, np.zeros_like(bias)], axis=1),
    }
    names = ["X", "W", "R", "B", "", "H", "C"]
    helper = importlib.import_module("onnx").helper
    nodes = [
        helper.make_node(kind, names, ["", "new", "kept"], hidden_size=hidden),
        helper.make_node("Concat", ["new", "kept"], ["out"], axis=0),
    ]
    states = {name: given[name][None] for name in "XHC"}
    call = _session(nodes, states, constant, (2, batch, hidden), "float32")
    return Contender(call, "weights")


def _session(
    nodes: Nodes,
    given: Mapping[str, Array],
    constant: Mapping[str, Array],
    extents: Sequence[Any],
    dtype: str,
) -> Call:
    """A call that runs the nodes on `given`, in a session that holds the constants."""
    onnx = importlib.import_module("onnx")
    runtime = importlib.import_module("onnxruntime")
    helper, value = onnx.helper, onnx.helper.make_tensor_value_info
    types = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "float64": 11, "bfloat16": 16}
    graph = helper.make_graph(
        nodes,
        "workload",
        [value(n, types[a.dtype.name], a.shape) for n, a in given.items()],
        [value("out", types[dtype], extents)],
        [onnx.numpy_helper.from_array(a, n) for n, a in constant.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads()
    session = runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda: session.run(None, given)[0]
