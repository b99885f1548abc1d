"""Workloads in ONNX Runtime, as models that the package onnx writes.

Constant weights are given to it when its session is made, as its users do, so that it may lay them
out to its liking outside the timing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peers.call import Array, Call, groups_of, threads, window_of
from tvmlab.ops import Workload
from tvmlab.ops.layer_norm import EPSILON

Nodes = list[Any]


def matmul(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    kind = {"transA": 1} if workload.args["transpose_a"] else {}
    return [helper.make_node("Gemm", names, ["out"], **kind)]


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


def batch_matmul(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("MatMul", names, ["out"])]


NODES: Mapping[str, Callable[[Any, Workload, list[str]], Nodes]] = {
    "matmul": matmul,
    "batch_matmul": batch_matmul,
    "multiply_add_relu": multiply_add_relu,
    "softmax": softmax,
    "layer_norm": layer_norm,
    "conv2d": conv2d,
    "depthwise_conv2d": conv2d,
}

CONSTANTS = {"conv2d": (1,), "depthwise_conv2d": (1,), "layer_norm": (1, 2)}
"""Which inputs are weights, by operator."""


def make(workload: Workload, arrays: Sequence[Array]) -> Call | None:
    """The workload as a call, or None where it is not written here."""
    nodes = NODES.get(workload.name)
    if nodes is None:
        return None
    onnx = importlib.import_module("onnx")
    runtime = importlib.import_module("onnxruntime")
    helper, value = onnx.helper, onnx.helper.make_tensor_value_info
    names = [t.name for t in workload.inputs]
    weights = {names[n]: arrays[n] for n in CONSTANTS.get(workload.name, ())}
    given = {n: a for n, a in zip(names, arrays, strict=True) if n not in weights}
    if groups_of(workload) > 1:
        weights = {n: a[:, None] for n, a in weights.items()}
    graph = helper.make_graph(
        nodes(helper, workload, names),
        workload.name,
        [value(n, 1, a.shape) for n, a in given.items()],
        [value("out", 1, workload.tensors[0].extents)],
        [onnx.numpy_helper.from_array(a, n) for n, a in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads()
    session = runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda: session.run(None, given)[0]
