"""The expression most labs of these tests are of: the product of a transposed matrix."""

from __future__ import annotations

from tvmlab import te

TILE = 'yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)'


def product(n: int = 1024) -> te.Tensor:
    a = te.placeholder((n, n), name="A")
    b = te.placeholder((n, n), name="B")
    k = te.reduce_axis((0, n), name="k")
    return te.compute((n, n), lambda y, x: te.sum(a[k, y] * b[k, x], axis=k), name="C")
