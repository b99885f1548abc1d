"""Saying a graph: a function for each operator, from nodes to a node.

    x = graph.input((1, 64, 56, 56))
    y = graph.relu(graph.conv2d(x, weight, bias))
    run = graph.compile_graph(y)
    run(image)

Wherever a function takes a node it also takes a NumPy array or a number, which becomes a constant.
All of them raise UsageError, with one sentence, where shapes, dtypes or arguments do not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.graph.node import CONSTANT, INPUT, Node
from tvmlab.ir import dtypes
from tvmlab.ir.arrays import empty
from tvmlab.ops.window import Padding

NodeLike = Node | np.ndarray | float
Pair = int | tuple[int, int]
"""Rows and columns; one number for both."""


def input(shape: Sequence[int], dtype: str = "float32", name: str = "input") -> Node:
    """An array that the caller of the compiled graph hands in.

    Raises:
        ExpressionError: bad extent, dtype or name.
    """
    tensor = te.placeholder(shape, dtype, name)
    return Node(INPUT, (), MappingProxyType({}), tensor.extents, tensor.dtype, name)


def constant(value: np.ndarray | float, dtype: str | None = None) -> Node:
    """An array that is known now, a weight for example; it is copied.

    Raises:
        UsageError: a dtype that kernels do not know, or an empty array.
    """
    given = np.asarray(value, dtype)
    name = dtypes.check_dtype(given.dtype)
    if not given.size:
        raise UsageError(f"a constant of shape {list(given.shape)} has no elements; leave it out.")
    array = empty(given.shape, name)
    array[...] = given
    array.flags.writeable = False
    return Node(CONSTANT, (), MappingProxyType({}), array.shape, name, value=array)


def _nodes(*values: NodeLike) -> list[Node]:
    """`values` as nodes: numbers become constants of the dtype of the nodes beside them."""
    dtype = next((v.dtype if isinstance(v, Node) else str(v.dtype) for v in values
                  if isinstance(v, (Node, np.ndarray))), None)  # fmt: skip
    return [
        v if isinstance(v, Node) else constant(v, None if isinstance(v, np.ndarray) else dtype)
        for v in values
    ]


def _pair(value: Pair) -> tuple[int, int]:
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, value)


# ---------------------------------------------------------------- element by element


def add(a: NodeLike, b: NodeLike) -> Node:
    """a + b, broadcasting."""
    return Node.of("add", _nodes(a, b))


def subtract(a: NodeLike, b: NodeLike) -> Node:
    """a - b, broadcasting."""
    return Node.of("subtract", _nodes(a, b))


def multiply(a: NodeLike, b: NodeLike) -> Node:
    """a * b, broadcasting."""
    return Node.of("multiply", _nodes(a, b))


def divide(a: NodeLike, b: NodeLike) -> Node:
    """a / b, broadcasting."""
    return Node.of("divide", _nodes(a, b))


def relu(x: NodeLike) -> Node:
    """The larger of x and zero."""
    return Node.of("relu", _nodes(x))


def sigmoid(x: NodeLike) -> Node:
    """1 / (1 + exp(-x))."""
    return Node.of("sigmoid", _nodes(x))


def tanh(x: NodeLike) -> Node:
    """The hyperbolic tangent of x."""
    return Node.of("tanh", _nodes(x))


# ---------------------------------------------------------------- other places


def reshape(x: NodeLike, shape: Sequence[int]) -> Node:
    """The same elements in the same order under another shape; one extent may be -1: the rest."""
    (node,) = _nodes(x)
    known = prod(n for n in shape if n != -1)
    rest = prod(node.shape) // known if known > 0 else 0
    wanted = tuple(rest if n == -1 and list(shape).count(-1) == 1 else int(n) for n in shape)
    return Node.of("reshape", [node], shape=wanted)


def transpose(x: NodeLike, order: Sequence[int]) -> Node:
    """Dimension `n` of the result is dimension `order[n]` of x."""
    return Node.of("transpose", _nodes(x), order=tuple(order))


# ---------------------------------------------------------------- folds


def sum(x: NodeLike, axes: Sequence[int], keep: bool = False) -> Node:
    """The sum over some dimensions, which stay with extent 1 if `keep`, and else go."""
    return Node.of("sum", _nodes(x), axes=tuple(axes), keep=keep)


def mean(x: NodeLike, axes: Sequence[int], keep: bool = False) -> Node:
    """The mean over some dimensions, as a sum and a product."""
    (node,) = _nodes(x)
    total = sum(node, axes, keep)
    return multiply(total, prod(total.shape) / prod(node.shape))


def matmul(a: NodeLike, b: NodeLike) -> Node:
    """The product of two matrices."""
    return Node.of("matmul", _nodes(a, b))


def dense(x: NodeLike, weight: NodeLike, bias: NodeLike | None = None) -> Node:
    """x @ weight + bias: rows of x (batch, in), weight (in, out), bias (out)."""
    product = matmul(x, weight)
    return product if bias is None else add(product, bias)


def conv2d(
    x: NodeLike,
    weight: NodeLike,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Padding = "SAME",
) -> Node:
    """The convolution of images with kernels, and a number added to each output channel.

    Args:
        x: (batch, channels, height, width).
        weight: (out channels, channels, height and width of a kernel).
        bias: (out channels,).
        stride: rows and columns between windows.
        padding: see `tvmlab.ops.window.Padding`.
    """
    result = Node.of("conv2d", _nodes(x, weight), stride=_pair(stride), padding=padding)
    return _biased(result, bias)


def depthwise_conv2d(
    x: NodeLike,
    weight: NodeLike,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Padding = "SAME",
) -> Node:
    """As `conv2d`, each channel with a kernel of its own: weight (channels, height, width)."""
    result = Node.of("depthwise_conv2d", _nodes(x, weight), stride=_pair(stride), padding=padding)
    return _biased(result, bias)


def _biased(images: Node, bias: np.ndarray | None) -> Node:
    """Images with a number added to each channel."""
    return images if bias is None else add(images, np.asarray(bias).reshape(-1, 1, 1))


def max_pool2d(x: NodeLike, kernel: Pair, stride: Pair = 1, padding: Padding = "VALID") -> Node:
    """The largest element of each window of images; what lies outside them never counts."""
    arguments: dict[str, Any] = {"kernel": _pair(kernel), "stride": _pair(stride)}
    return Node.of("max_pool2d", _nodes(x), padding=padding, **arguments)


def softmax(x: NodeLike) -> Node:
    """The exponentials of each row of a matrix, scaled so that they add up to one."""
    return Node.of("softmax", _nodes(x))
