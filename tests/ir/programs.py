"""Programs that several tests look at."""

from __future__ import annotations

import tvmlab.te as te
from tvmlab.ir.program import Program
from tvmlab.te.naive import lower_naive


def product(m: int = 4, n: int = 4, k: int = 4, name: str = "C") -> Program:
    """The headline product at a small shape."""
    A = te.placeholder((k, m), name="A")
    B = te.placeholder((k, n), name="B")
    r = te.reduce_axis((0, k), name="k")
    return lower_naive(
        [te.compute((m, n), lambda y, x: te.sum(A[r, y] * B[r, x], axis=r), name=name)]
    )


def softmax(m: int = 3, n: int = 5) -> Program:
    """Four blocks, two of them folds."""
    X = te.placeholder((m, n), name="X")
    j, k = te.reduce_axis((0, n), name="j"), te.reduce_axis((0, n), name="k")
    peak = te.compute((m,), lambda y: te.max(X[y, j], axis=j), name="peak")
    e = te.compute((m, n), lambda y, x: te.exp(X[y, x] - peak[y]), name="e")
    total = te.compute((m,), lambda y: te.sum(e[y, k], axis=k), name="total")
    return lower_naive([te.compute((m, n), lambda y, x: e[y, x] / total[y], name="Y")])
