"""The five real inputs, at any shape."""

from __future__ import annotations

import tvmlab.te as te
from tvmlab.ir.expr import Expr, select
from tvmlab.te.tensor import Tensor


def product(n: int) -> Tensor:
    """The headline: `C[y, x] = sum_k A[k, y] * B[k, x]`, all extents n."""
    A = te.placeholder((n, n), name="A")
    B = te.placeholder((n, n), name="B")
    k = te.reduce_axis((0, n), name="k")
    return te.compute((n, n), lambda y, x: te.sum(A[k, y] * B[k, x], axis=k), name="C")


def _padded(X: Tensor, channels: int, size: int) -> Tensor:
    def element(n: Expr, c: Expr, y: Expr, x: Expr) -> Expr:
        inside = (y >= 1) & (y < size + 1) & (x >= 1) & (x < size + 1)
        return select(inside, X[n, c, y - 1, x - 1], 0.0)

    return te.compute((1, channels, size + 2, size + 2), element, name="P")


def conv2d(channels: int, size: int, outputs: int) -> Tensor:
    """A 3x3 convolution, NCHW, padded by one (ResNet-18's C6: 128, 28, 128)."""
    X = te.placeholder((1, channels, size, size), name="X")
    W = te.placeholder((outputs, channels, 3, 3), name="W")
    P = _padded(X, channels, size)
    rc = te.reduce_axis((0, channels), name="rc")
    ry, rx = te.reduce_axis((0, 3), name="ry"), te.reduce_axis((0, 3), name="rx")
    return te.compute(
        (1, outputs, size, size),
        lambda n, o, y, x: te.sum(
            P[n, rc, y + ry, x + rx] * W[o, rc, ry, rx], axis=(rc, ry, rx)
        ),
        name="Y",
    )  # fmt: skip


def depthwise(channels: int, size: int) -> Tensor:
    """A 3x3 depthwise convolution, padded by one (MobileNet's D7: 512, 14)."""
    X = te.placeholder((1, channels, size, size), name="X")
    W = te.placeholder((channels, 3, 3), name="W")
    P = _padded(X, channels, size)
    ry, rx = te.reduce_axis((0, 3), name="ry"), te.reduce_axis((0, 3), name="rx")
    return te.compute(
        (1, channels, size, size),
        lambda n, c, y, x: te.sum(P[n, c, y + ry, x + rx] * W[c, ry, rx], axis=(ry, rx)),
        name="Y",
    )


def softmax(rows: int, columns: int) -> Tensor:
    """exp(x - max x) / sum of the same, along each row."""
    X = te.placeholder((rows, columns), name="X")
    j, k = te.reduce_axis((0, columns), name="j"), te.reduce_axis((0, columns), name="k")
    peak = te.compute((rows,), lambda y: te.max(X[y, j], axis=j), name="peak")
    e = te.compute((rows, columns), lambda y, x: te.exp(X[y, x] - peak[y]), name="e")
    total = te.compute((rows,), lambda y: te.sum(e[y, k], axis=k), name="total")
    return te.compute((rows, columns), lambda y, x: e[y, x] / total[y], name="Y")


def multiply_add_relu(n: int) -> Tensor:
    """max(a * b + c, 0) over n elements."""
    a, b, c = (te.placeholder((n,), name=name) for name in "abc")
    return te.compute((n,), lambda i: te.max(a[i] * b[i] + c[i], 0.0), name="d")


SMALL = {
    "product": product(17),
    "conv2d": conv2d(5, 7, 3),
    "depthwise": depthwise(6, 5),
    "softmax": softmax(7, 33),
    "relu": multiply_add_relu(97),
}
"""At shapes for the interpreter."""

FULL = {
    "product": lambda: product(1024),
    "conv2d": lambda: conv2d(128, 28, 128),
    "depthwise": lambda: depthwise(512, 14),
    "softmax": lambda: softmax(4096, 1024),
    "relu": lambda: multiply_add_relu(1 << 24),
}
"""At the shapes that are tuned and timed."""
