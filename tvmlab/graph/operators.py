"""The operators a graph may hold. Adding one is its definition, a line in `OPERATORS`, its test.

Images are (batch, channels, height, width), as in `tvmlab.ops`; shapes broadcast as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from tvmlab import ops, te
from tvmlab.errors import UsageError
from tvmlab.graph.kinds import Kind
from tvmlab.graph.operator import GraphOperator, applied
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Const, Expr, select
from tvmlab.ops.window import Padding, Window
from tvmlab.te import Tensor

# ---------------------------------------------------------------- element by element


def _elementwise(name: str, function: Callable[..., Expr]) -> GraphOperator:
    """An operator that applies a function of scalars to each element, broadcasting."""

    def define(*inputs: Tensor) -> Tensor:
        shape = _broadcast(name, inputs)

        def element(*at: Expr) -> Expr:
            return function(*(_element(tensor, at) for tensor in inputs))

        return te.compute(shape, element, name=name)

    return GraphOperator(name, Kind.ELEMENTWISE, define)


def _broadcast(name: str, inputs: Sequence[Tensor]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(tensor.extents for tensor in inputs))
    except ValueError:
        shapes = " and ".join(str(list(tensor.extents)) for tensor in inputs)
        raise UsageError(
            f"{name} was given shapes {shapes}, which do not broadcast; each extent must be equal "
            "or 1, aligned at the last."
        ) from None


def _element(tensor: Tensor, at: Sequence[Expr]) -> Expr:
    """The element of a broadcast tensor that belongs to the place `at`."""
    own = at[len(at) - len(tensor.extents) :]
    index = (0 if n == 1 else i for i, n in zip(own, tensor.extents, strict=True))
    return tensor[tuple(index)]


def _relu(x: Expr) -> Expr:
    return te.max(x, 0.0)


# ---------------------------------------------------------------- other places


def _reshape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    if prod(shape) != prod(x.extents):
        raise UsageError(
            f"reshape was asked for {list(shape)}, {prod(shape)} elements, of an input of "
            f"{list(x.extents)}, which has {prod(x.extents)}."
        )

    def element(*at: Expr) -> Expr:
        flat: Expr | int = 0
        for index, extent in zip(at, shape, strict=True):
            flat = flat * extent + index
        strides = [prod(x.extents[d + 1 :]) for d in range(len(x.extents))]
        return x[tuple(flat // s % n for s, n in zip(strides, x.extents, strict=True))]

    return te.compute(shape, element, name="reshape")


def _transpose(x: Tensor, order: tuple[int, ...]) -> Tensor:
    if sorted(order) != list(range(len(x.extents))):
        raise UsageError(
            f"transpose was given the order {list(order)} for {len(x.extents)} dimensions; name "
            "each once."
        )
    shape = [x.extents[d] for d in order]
    return te.compute(
        shape, lambda *at: x[tuple(at[order.index(d)] for d in range(len(order)))], name="transpose"
    )


# ---------------------------------------------------------------- folds


def _sum(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    rank = len(x.extents)
    if not axes or len(set(axes)) != len(axes) or not set(axes) <= set(range(rank)):
        raise UsageError(
            f"sum was given axes {list(axes)} of {rank} dimensions; name one or more, each once, "
            f"from 0 to {rank - 1}."
        )
    folded = {d: te.reduce_axis((0, x.extents[d]), name=f"k{d}") for d in sorted(axes)}
    left = [d for d in range(rank) if keep or d not in folded]

    def element(*at: Expr) -> Expr:
        own: dict[int, Expr] = {**dict(zip(left, at, strict=True)), **folded}
        return te.sum(x[tuple(own[d] for d in range(rank))], axis=list(folded.values()))

    shape = [1 if d in folded else x.extents[d] for d in left]
    return te.compute(shape, element, name="total")


def _conv2d(x: Tensor, weight: Tensor, stride: tuple[int, int], padding: Padding) -> Tensor:
    (batch, channels, height, width), (out, _, rows, columns) = x.extents, weight.extents
    workload = ops.conv2d(
        batch, channels, height, width, out, (rows, columns), stride, padding, x.dtype
    )
    return applied(workload, (x, weight))


def _depthwise_conv2d(
    x: Tensor, weight: Tensor, stride: tuple[int, int], padding: Padding
) -> Tensor:
    (batch, channels, height, width), (_, rows, columns) = x.extents, weight.extents
    workload = ops.depthwise_conv2d(
        batch, channels, height, width, (rows, columns), stride, padding, x.dtype
    )
    return applied(workload, (x, weight))


def _matmul(a: Tensor, b: Tensor) -> Tensor:
    (m, k), (_, n) = a.extents, b.extents
    return applied(ops.matmul(m, n, k, dtype=a.dtype), (a, b))


def _softmax(x: Tensor) -> Tensor:
    rows, columns = x.extents
    return applied(ops.softmax(rows, columns, dtype=x.dtype), (x,))


def _max_pool2d(
    x: Tensor, kernel: tuple[int, int], stride: tuple[int, int], padding: Padding
) -> Tensor:
    batch, channels, height, width = x.extents
    window = Window.fit("max_pool2d", (height, width), kernel, stride, padding)
    (top, left), (sh, sw) = window.before, window.stride
    kh, kw = te.reduce_axis((0, kernel[0]), name="kh"), te.reduce_axis((0, kernel[1]), name="kw")

    def element(n: Expr, c: Expr, oh: Expr, ow: Expr) -> Expr:
        row, column = oh * sh + kh - top, ow * sw + kw - left
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        value = x[n, c, row, column]
        if any(window.sides):
            value = select(inside, value, Const(float(dtypes.lowest(x.dtype)), x.dtype))
        return te.max(value, axis=[kh, kw])

    return te.compute((batch, channels, *window.out), element, name="pool")


_IMAGES = (4, 4)

OPERATORS: Mapping[str, GraphOperator] = {
    operator.name: operator
    for operator in (
        _elementwise("add", lambda a, b: a + b),
        _elementwise("subtract", lambda a, b: a - b),
        _elementwise("multiply", lambda a, b: a * b),
        _elementwise("divide", lambda a, b: a / b),
        _elementwise("relu", _relu),
        _elementwise("sigmoid", te.sigmoid),
        _elementwise("tanh", te.tanh),
        GraphOperator("reshape", Kind.INJECTIVE, _reshape),
        GraphOperator("transpose", Kind.INJECTIVE, _transpose),
        GraphOperator("sum", Kind.REDUCTION, _sum),
        GraphOperator("matmul", Kind.COMPLEX_OUT_FUSABLE, _matmul, (2, 2)),
        GraphOperator("conv2d", Kind.COMPLEX_OUT_FUSABLE, _conv2d, _IMAGES),
        GraphOperator("depthwise_conv2d", Kind.COMPLEX_OUT_FUSABLE, _depthwise_conv2d, (4, 3)),
        GraphOperator("max_pool2d", Kind.COMPLEX_OUT_FUSABLE, _max_pool2d, (4,)),
        GraphOperator("softmax", Kind.OPAQUE, _softmax, (2,)),
    )
}
"""Every operator by name."""
