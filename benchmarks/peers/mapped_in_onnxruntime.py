"""Windows of any dimensions, functions of elements and elements at other places, in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tvmlab.ops import Workload

Nodes = list[Any]

FUNCTIONS = {
    "relu": "Relu", "neg": "Neg", "abs": "Abs", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "tanh": "Tanh", "sigmoid": "Sigmoid", "erf": "Erf", "gelu": "Gelu", "sin": "Sin",
    "cos": "Cos", "floor": "Floor", "ceil": "Ceil", "add": "Add", "sub": "Sub", "mul": "Mul",
    "div": "Div", "max": "Max", "min": "Min", "pow": "Pow",
}  # fmt: skip


def convolution(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    args = workload.args
    rank = 1 if workload.name == "conv1d" else 3
    return [
        helper.make_node(
            "Conv", names, ["out"],
            strides=[args["stride"]] * rank, dilations=[args["dilation"]] * rank,
            auto_pad="SAME_UPPER", group=args["groups"],
        )
    ]  # fmt: skip


def conv2d_transpose(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    args = workload.args
    return [
        helper.make_node(
            "ConvTranspose", names, ["out"],
            strides=[args["stride"]] * 2, pads=[args["padding"]] * 4,
        )
    ]  # fmt: skip


def pool(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    args = workload.args
    rank = len(args["shape"]) - 2
    kind = {"max_pool": "MaxPool", "avg_pool": "AveragePool"}[workload.name]
    padding = 0 if args["padding"] == "VALID" else args["padding"]
    return [
        helper.make_node(
            kind, names, ["out"],
            kernel_shape=[args["kernel"]] * rank,
            strides=[args["stride"] or args["kernel"]] * rank, pads=[padding] * 2 * rank,
        )
    ]  # fmt: skip


def global_pool(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    kind = {"mean": "GlobalAveragePool", "max": "GlobalMaxPool"}[workload.args["fold"]]
    pooled = helper.make_node(kind, names, ["pooled"])
    return [pooled, helper.make_node("Flatten", ["pooled"], ["out"])]


def pointwise(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node(FUNCTIONS[workload.args["function"]], names, ["out"])]


def concat(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("Concat", names, ["out"], axis=workload.args["axis"])]


def gather(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("Gather", names, ["out"], axis=workload.args["axis"])]


def transpose(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [helper.make_node("Transpose", names, ["out"], perm=workload.args["axes"])]


def reduce(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    kind = f"Reduce{workload.args['by'].capitalize()}"
    axes = _constant(helper, "axes", workload.args["axes"])
    return [axes, helper.make_node(kind, [*names, "axes"], ["out"], keepdims=0)]


def blur(helper: Any, workload: Workload, names: list[str]) -> Nodes:
    return [
        _constant(helper, "first", (0, 1)),
        helper.make_node("Unsqueeze", [*names, "first"], ["image"]),
        helper.make_node("AveragePool", ["image"], ["means"], kernel_shape=[3, 3]),
        helper.make_node("Squeeze", ["means", "first"], ["out"]),
    ]


def _constant(helper: Any, name: str, numbers: Sequence[int]) -> Any:
    """A node that gives a list of whole numbers."""
    return helper.make_node("Constant", [], [name], value_ints=list(numbers))


NODES: Mapping[str, Callable[[Any, Workload, list[str]], Nodes]] = {
    "conv1d": convolution,
    "conv3d": convolution,
    "conv2d_transpose": conv2d_transpose,
    "max_pool": pool,
    "avg_pool": pool,
    "global_pool": global_pool,
    "pointwise": pointwise,
    "concat": concat,
    "gather": gather,
    "transpose": transpose,
    "reduce": reduce,
    "blur": blur,
}

CONSTANTS = {"conv1d": (1,), "conv3d": (1,), "conv2d_transpose": (1,)}
"""Which inputs are weights, by operator."""
