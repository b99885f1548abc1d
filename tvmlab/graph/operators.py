"""The operators a graph may hold. Adding one is its definition, a line in `OPERATORS`, its test.

Images are (batch, channels, height, width), as in `tvmlab.ops`; shapes broadcast as in NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab import ops, te
from tvmlab.errors import UsageError
from tvmlab.graph.kinds import Kind
from tvmlab.graph.operator import GraphOperator, applied
from tvmlab.ir.expr import Expr
from tvmlab.ops.window import Padding
from tvmlab.te import Tensor

# ---------------------------------------------------------------- element by element


def _pointwise(name: str, function: str) -> GraphOperator:
    """An operator that applies a function of scalars to each element, broadcasting."""

    def define(first: Tensor, *others: Tensor) -> Tensor:
        other = others[0].extents if others else None
        workload = ops.pointwise(first.extents, function, other, first.dtype)
        return applied(workload, (first, *others))

    return GraphOperator(name, Kind.ELEMENTWISE, define)


# ---------------------------------------------------------------- other places


def _reshape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return applied(ops.reshape(x.extents, shape, x.dtype), (x,))


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
    return applied(ops.max_pool(x.extents, kernel, stride, padding, x.dtype), (x,))


_IMAGES = (4, 4)

OPERATORS: Mapping[str, GraphOperator] = {
    operator.name: operator
    for operator in (
        _pointwise("add", "add"),
        _pointwise("subtract", "sub"),
        _pointwise("multiply", "mul"),
        _pointwise("divide", "div"),
        _pointwise("relu", "relu"),
        _pointwise("sigmoid", "sigmoid"),
        _pointwise("tanh", "tanh"),
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
