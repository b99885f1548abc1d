"""The same workloads in other people's libraries, each in the best form its documentation offers.

A peer that is not installed is named in the results, never passed over in silence. Constant
weights are given to onnxruntime when its session is made, as its users do, so that it may lay them
out to its liking outside the timing.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab.ops import Workload
from tvmlab.ops.window import Window

Array = np.ndarray[Any, Any]
Call = Callable[[], Any]
"""Runs the workload once and gives its output, as something `numpy.asarray` takes."""


def numpy_call(workload: Workload, arrays: Sequence[Array]) -> Call:
    """NumPy; it has no convolution, so windows are gathered and multiplied as matrices."""
    args = workload.args
    out = np.empty(workload.tensors[0].extents, workload.tensors[0].dtype)
    if workload.name == "matmul":
        left, right = arrays
        return lambda: np.matmul(left.T if args["transpose_a"] else left, right, out=out)
    if workload.name == "multiply_add_relu":
        a, b, c = arrays

        def chain() -> Array:
            np.multiply(a, b, out=out)
            np.add(out, c, out=out)
            return np.maximum(out, 0, out=out)

        return chain
    if workload.name == "softmax":
        (x,) = arrays

        def softmax() -> Array:
            np.subtract(x, x.max(axis=1, keepdims=True), out=out)
            np.exp(out, out=out)
            return np.divide(out, out.sum(axis=1, keepdims=True), out=out)

        return softmax
    images, weights = arrays
    window = _window(workload)
    if workload.name == "depthwise_conv2d":
        return lambda: _shifted_sums(window, images, weights)

    def conv() -> Array:
        folded = np.tensordot(weights, window.views(images)[0], ((1, 2, 3), (0, 3, 4)))
        return folded[None]

    return conv


def _window(workload: Workload) -> Window:
    args = workload.args
    kernel, stride = args["kernel"], args["stride"]
    return Window.fit(
        workload.name, (args["height"], args["width"]), (kernel, kernel), (stride, stride),
        args["padding"],
    )  # fmt: skip


def _shifted_sums(window: Window, images: Array, weights: Array) -> Array:
    """A depthwise convolution as whole images, shifted, scaled and added up."""
    views = window.views(images)
    total = views[..., 0, 0] * weights[None, :, 0, 0, None, None]
    for row, column in np.ndindex(*window.kernel):
        if (row, column) != (0, 0):
            total += views[..., row, column] * weights[None, :, row, column, None, None]
    return total


def torch_call(workload: Workload, arrays: Sequence[Array]) -> Call:
    """PyTorch, eager."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(threads())
    torch.set_grad_enabled(False)
    args = workload.args
    given = [torch.from_numpy(a) for a in arrays]
    out = torch.empty(workload.tensors[0].extents)
    if workload.name == "matmul":
        left = given[0].T if args["transpose_a"] else given[0]
        return lambda: torch.matmul(left, given[1], out=out)
    if workload.name == "multiply_add_relu":
        return lambda: torch.relu_(torch.addcmul(given[2], given[0], given[1], out=out))
    if workload.name == "softmax":
        return lambda: torch.softmax(given[0], 1)
    window = _window(workload)
    top, left, bottom, right = window.sides
    groups = args["channels"] if workload.name == "depthwise_conv2d" else 1
    weights = given[1].unsqueeze(1) if groups > 1 else given[1]
    functional = torch.nn.functional

    def conv() -> Any:
        image = given[0]
        if (top, left) == (bottom, right):
            return functional.conv2d(
                image, weights, stride=window.stride, padding=(top, left), groups=groups
            )
        padded = functional.pad(image, (left, right, top, bottom))
        return functional.conv2d(padded, weights, stride=window.stride, groups=groups)

    return conv


def onnxruntime_call(workload: Workload, arrays: Sequence[Array]) -> Call:
    """ONNX Runtime on a model of the workload; its models are written by the package onnx."""
    onnx = importlib.import_module("onnx")
    runtime = importlib.import_module("onnxruntime")
    helper, args, out = onnx.helper, workload.args, workload.tensors[0]
    names = [t.name for t in workload.inputs]
    constants: list[Any] = []
    if workload.name == "matmul":
        kind = {"transA": 1} if args["transpose_a"] else {}
        nodes = [helper.make_node("Gemm", names, ["out"], **kind)]
    elif workload.name == "multiply_add_relu":
        nodes = [
            helper.make_node("Mul", names[:2], ["product"]),
            helper.make_node("Add", ["product", names[2]], ["total"]),
            helper.make_node("Relu", ["total"], ["out"]),
        ]
    elif workload.name == "softmax":
        nodes = [helper.make_node("Softmax", names, ["out"], axis=1)]
    else:
        window = _window(workload)
        groups = args["channels"] if workload.name == "depthwise_conv2d" else 1
        weights = arrays[1].reshape(-1, *((1,) if groups > 1 else ()), *arrays[1].shape[1:])
        constants = [onnx.numpy_helper.from_array(weights, names[1])]
        nodes = [
            helper.make_node(
                "Conv", names, ["out"], strides=window.stride, pads=window.sides, group=groups
            )
        ]
    given = dict(zip(names, arrays, strict=True)) if not constants else {names[0]: arrays[0]}
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, workload.name, [value(n, 1, a.shape) for n, a in given.items()],
        [value("out", 1, out.extents)], constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads()
    session = runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda: session.run(None, given)[0]


PEERS: Mapping[str, tuple[Callable[[Workload, Sequence[Array]], Call], tuple[str, ...]]] = {
    # name -> (how to make a call, the packages it needs)
    "numpy": (numpy_call, ("numpy",)),
    "torch": (torch_call, ("torch",)),
    "onnxruntime": (onnxruntime_call, ("onnxruntime", "onnx")),
}


def threads() -> int:
    """Threads every contender of this process is to use; ours reads the same variable."""
    return int(os.environ["TVMLAB_NUM_THREADS"])


def missing() -> dict[str, str]:
    """The peers that cannot run here -> the package they lack."""
    lacks = {}
    for name, (_, packages) in PEERS.items():
        for package in packages:
            try:
                importlib.import_module(package)
            except ImportError:
                lacks.setdefault(name, package)
    return lacks
