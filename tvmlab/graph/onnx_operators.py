"""What each ONNX operator that can be imported means here.

Meanings are those of the operators' specification (https://onnx.ai/onnx/operators/). An entry names
the attributes it understands; a file that uses another is refused, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.graph import build
from tvmlab.graph.node import Node
from tvmlab.ops.window import Padding

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class OnnxOperator:
    """An operator of ONNX.

    Attributes:
        make: from the inputs (None for one left out) and the attributes given to the result.
        attributes: those it understands.
    """

    make: Callable[[Sequence[Any], Attributes], Node]
    attributes: frozenset[str] = frozenset()


def only(given: Attributes, name: str, allowed: Sequence[Any], default: Any) -> Any:
    """The value of an attribute, which must be one of `allowed`.

    Raises:
        UsageError: it is another.
    """
    value = given.get(name, default)
    if value not in allowed:
        raise UsageError(f"{name}={value!r} is not supported; it may be {_either(allowed)}.")
    return value


def known(node: Node | None, what: str) -> np.ndarray:
    """The array of an input that must be known when the graph is compiled.

    Raises:
        UsageError: it is computed, or handed in.
    """
    if node is None or node.value is None:
        raise UsageError(f"its {what} is not a constant; fold constants before exporting.")
    return node.value


def _either(options: Sequence[Any]) -> str:
    return " or ".join(map(repr, options))


def _padding(given: Attributes) -> Padding:
    """(top, left, bottom, right), or the word for a rule."""
    rule = only(given, "auto_pad", ("NOTSET", "VALID", "SAME_UPPER"), "NOTSET")
    if rule == "SAME_UPPER":
        return "SAME"
    return tuple(given.get("pads", (0, 0, 0, 0))) if rule == "NOTSET" else "VALID"


def _stride(given: Attributes) -> tuple[int, int]:
    down, across = given.get("strides", (1, 1))
    return down, across


def _conv(inputs: Sequence[Any], given: Attributes) -> Node:
    x, weight, bias = (*inputs, None)[:3]
    only(given, "dilations", ([1, 1],), [1, 1])
    if len(weight.shape) != 4:
        raise UsageError(f"a kernel of {len(weight.shape) - 2} dimensions is not supported; 2 are.")
    groups = given.get("group", 1)
    array = None if bias is None else known(bias, "bias")
    if groups == 1:
        return build.conv2d(x, weight, array, _stride(given), _padding(given))
    if weight.shape[:2] != (groups, 1):
        raise UsageError(
            f"{weight.shape[0]} kernels of {weight.shape[1]} channels in {groups} groups are not "
            "supported; there may be one group, or one kernel of one channel in each."
        )
    kernels = known(weight, "kernel")[:, 0]
    return build.depthwise_conv2d(x, kernels, array, _stride(given), _padding(given))


def _max_pool(inputs: Sequence[Any], given: Attributes) -> Node:
    only(given, "ceil_mode", (0,), 0)
    only(given, "storage_order", (0,), 0)
    only(given, "dilations", ([1, 1],), [1, 1])
    kernel = tuple(given["kernel_shape"])
    if len(kernel) != 2:
        raise UsageError(f"a window of {len(kernel)} dimensions is not supported; 2 are.")
    return build.max_pool2d(inputs[0], kernel, _stride(given), _padding(given))


def _transposed(node: Node, is_asked: int) -> Node:
    """A matrix, transposed now if it is known."""
    if not is_asked:
        return node
    if node.value is not None:
        return build.constant(node.value.T)
    return build.transpose(node, (1, 0))


def _scaled(node: Node, factor: float) -> Node:
    return node if factor == 1 else build.multiply(node, factor)


def _gemm(inputs: Sequence[Any], given: Attributes) -> Node:
    a, b, c = (*inputs, None)[:3]
    product = build.matmul(
        _transposed(a, given.get("transA", 0)), _transposed(b, given.get("transB", 0))
    )
    product = _scaled(product, given.get("alpha", 1.0))
    return product if c is None else build.add(product, _scaled(c, given.get("beta", 1.0)))


def _batch_normalization(inputs: Sequence[Any], given: Attributes) -> Node:
    """As a product and a sum for each channel, since in inference its statistics are known."""
    only(given, "training_mode", (0,), 0)
    x, *rest = inputs
    names = ("scale", "bias", "mean", "variance")
    scale, bias, mean, variance = (
        known(node, name).astype(np.float64) for node, name in zip(rest, names, strict=True)
    )
    factor = scale / np.sqrt(variance + given.get("epsilon", 1e-5))
    shape = (-1, *[1] * (len(x.shape) - 2))
    product = build.multiply(x, factor.astype(x.dtype).reshape(shape))
    return build.add(product, (bias - mean * factor).astype(x.dtype).reshape(shape))


def _global_average_pool(inputs: Sequence[Any], given: Attributes) -> Node:
    (x,) = inputs
    return build.mean(x, range(2, len(x.shape)), keep=True)


def _softmax(inputs: Sequence[Any], given: Attributes) -> Node:
    (x,) = inputs
    last = len(x.shape) - 1
    only(given, "axis", (-1, last), -1)
    return build.softmax(x)


def _flatten(inputs: Sequence[Any], given: Attributes) -> Node:
    (x,) = inputs
    axis = given.get("axis", 1) % (len(x.shape) + 1)
    return build.reshape(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


def _reshape(inputs: Sequence[Any], given: Attributes) -> Node:
    x, shape = inputs
    only(given, "allowzero", (0,), 0)
    wanted = [int(n) for n in known(shape, "shape")]
    return build.reshape(x, [x.shape[d] if n == 0 else n for d, n in enumerate(wanted)])


def _transpose(inputs: Sequence[Any], given: Attributes) -> Node:
    (x,) = inputs
    return build.transpose(x, given.get("perm", list(range(len(x.shape)))[::-1]))


def _of(function: Callable[..., Node], *attributes: str) -> OnnxOperator:
    """An operator that is one of ours, input for input."""
    return OnnxOperator(lambda inputs, _: function(*inputs), frozenset(attributes))


_WINDOW = frozenset({"auto_pad", "dilations", "kernel_shape", "pads", "strides"})

ONNX_OPERATORS: Mapping[str, OnnxOperator] = {
    "Add": _of(build.add),
    "Sub": _of(build.subtract),
    "Mul": _of(build.multiply),
    "Div": _of(build.divide),
    "Relu": _of(build.relu),
    "Sigmoid": _of(build.sigmoid),
    "Tanh": _of(build.tanh),
    "MatMul": _of(build.matmul),
    "Identity": _of(lambda x: x),
    "Gemm": OnnxOperator(_gemm, frozenset({"alpha", "beta", "transA", "transB"})),
    "Conv": OnnxOperator(_conv, _WINDOW | {"group"}),
    "MaxPool": OnnxOperator(_max_pool, _WINDOW | {"ceil_mode", "storage_order"}),
    "GlobalAveragePool": OnnxOperator(_global_average_pool),
    # momentum only matters to training
    "BatchNormalization": OnnxOperator(
        _batch_normalization, frozenset({"epsilon", "momentum", "training_mode"})
    ),
    "Softmax": OnnxOperator(_softmax, frozenset({"axis"})),
    "Flatten": OnnxOperator(_flatten, frozenset({"axis"})),
    "Reshape": OnnxOperator(_reshape, frozenset({"allowzero"})),
    "Transpose": OnnxOperator(_transpose, frozenset({"perm"})),
}
"""The operators of the default domain that can be imported, by ONNX's name."""
