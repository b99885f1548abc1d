"""Scheduled programs that the tests of lowering share."""

from __future__ import annotations

import tvmlab.te as te
from tvmlab.schedule import Schedule, State
from tvmlab.te.tensor import Tensor


def start(tensor: Tensor) -> Schedule:
    """A schedule without steps."""
    return Schedule(State.start(tensor))


def product(m: int, n: int, k: int) -> Schedule:
    """C[y, x] = sum of A[k, y] * B[k, x]."""
    A, B = te.placeholder((k, m), name="A"), te.placeholder((k, n), name="B")
    r = te.reduce_axis((0, k), name="k")
    return start(te.compute((m, n), lambda y, x: te.sum(A[r, y] * B[r, x], axis=r), name="C"))


def tiled(m: int, n: int, k: int, rows: int = 4, lanes: int = 16, depth: int = 8) -> Schedule:
    """The product in register tiles of `rows` x `lanes`, `depth` deep, rows in parallel."""
    s = product(m, n, k)
    C = s["C"]
    yo, yi = C.split("y", rows)
    xo, xi = C.split("x", lanes)
    ko, ki = C.split("k", depth)
    C.reorder(yo, xo, ko, ki, yi, xi)
    C.unroll(yi)
    C.vectorize(xi)
    C.parallel(yo)
    return s


def row_sum(rows: int, columns: int) -> Schedule:
    """S[y] = sum of A[y, k]."""
    A = te.placeholder((rows, columns), name="A")
    k = te.reduce_axis((0, columns), name="k")
    return start(te.compute((rows,), lambda y: te.sum(A[y, k], axis=k), name="S"))


def doubled(length: int) -> Schedule:
    """Y[i] = 2 * X[i]."""
    X = te.placeholder((length,), name="X")
    return start(te.compute((length,), lambda i: X[i] * 2.0, name="Y"))


def softmax(rows: int, columns: int) -> Schedule:
    """exp(X - max) / sum over the last axis, in four blocks."""
    X = te.placeholder((rows, columns), name="X")
    j, k = te.reduce_axis((0, columns), name="j"), te.reduce_axis((0, columns), name="k")
    M = te.compute((rows,), lambda y: te.max(X[y, j], axis=j), name="M")
    E = te.compute((rows, columns), lambda y, x: te.exp(X[y, x] - M[y]), name="E")
    S = te.compute((rows,), lambda y: te.sum(E[y, k], axis=k), name="S")
    return start(te.compute((rows, columns), lambda y, x: E[y, x] / S[y], name="Y"))
