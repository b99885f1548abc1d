"""Random reductions of several values together: what a user may fold with a function of their own.

Each function is commutative and associative, as its user must promise.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import tvmlab.te as te
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Expr, cast, const, maximum, select
from tvmlab.te.reducers import CommReducer
from tvmlab.te.tensor import Tensor

EXTENTS = (1, 2, 3, 5, 7, 8, 13)
LENGTHS = (1, 2, 4, 7, 12, 16, 24)

Pair = tuple[Expr, Expr]


def _online_softmax(a: Pair, b: Pair) -> Pair:
    m = maximum(a[0], b[0])
    return m, a[1] * te.exp(a[0] - m) + b[1] * te.exp(b[0] - m)


def _welford(a: Any, b: Any) -> Any:
    n = a[0] + b[0]
    share, apart = b[0] / maximum(n, 1.0), b[1] - a[1]
    return n, a[1] + apart * share, a[2] + b[2] + apart * apart * a[0] * share


def _complex_product(a: Pair, b: Pair) -> Pair:
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _count_of_largest(a: Pair, b: Pair) -> Pair:
    more, less = a[0] > b[0], a[0] < b[0]
    return maximum(a[0], b[0]), select(more, a[1], select(less, b[1], a[1] + b[1]))


online_softmax = te.comm_reducer(
    _online_softmax, lambda m, s: (te.min_value(m) / 2, 0), "online_softmax"
)
welford = te.comm_reducer(_welford, lambda n, mean, m2: (0, 0, 0), "welford")
complex_product = te.comm_reducer(_complex_product, lambda re, im: (1, 0), "complex_product")
count_of_largest = te.comm_reducer(
    _count_of_largest, lambda m, c: (dtypes.lowest(m), 0), "count_of_largest"
)
last_digits = te.comm_reducer(lambda a, b: a * b % 97, lambda d: 1, "last_digits")

Terms = Callable[[Expr, Expr], Any]
"""From the position folded over and the element there to what is folded."""


def random_fold(rng: random.Random) -> Tensor:
    """A row (or a plane) folded with a function of the user's own, and perhaps read afterwards."""
    rows, length = rng.choice(EXTENTS), rng.choice(LENGTHS)
    width = rng.choice((0, 0, 2, 3))
    dtype, reducer, terms = _way(rng)
    shape = (rows, length, width) if width else (rows, length)
    X = te.placeholder(shape, dtype, "X")
    k = te.reduce_axis((0, length), "k")
    if width:
        j = te.reduce_axis((0, width), "j")
        results = te.compute(
            (rows,),
            lambda y: reducer(terms(k * width + j, X[y, k, j]), axis=(k, j)),
            ("F", "G", "H")[: _results(reducer)],
        )
    else:
        results = te.compute(
            (rows,),
            lambda y: reducer(terms(k, X[y, k]), axis=k),
            ("F", "G", "H")[: _results(reducer)],
        )
    if rng.random() < 0.5:
        return results[0]
    read = rng.choice(results)
    also = rng.choice(results)
    return te.compute((rows,), lambda y: read[y] + cast(read.dtype, also[y]) * 2, "Z")


def random_several(rng: random.Random) -> Tensor:
    """Several values of each point, without a fold; one of them may be read afterwards."""
    rows, columns = rng.choice(EXTENTS), rng.choice(EXTENTS)
    X = te.placeholder((rows, columns), rng.choice(("float32", "int32", "float64")), "X")
    P, Q = te.compute(
        (rows, columns), lambda y, x: (X[y, x] + 1, cast("int64", y * 3 + x)), ("P", "Q")
    )
    if rng.random() < 0.5:
        return P
    return te.compute((columns, rows), lambda x, y: P[y, x] * 2 + cast(P.dtype, Q[y, x]), "R")


def _results(reducer: Any) -> int:
    return {welford: 3, last_digits: 1}.get(reducer, 2)


def _way(rng: random.Random) -> tuple[str, CommReducer | Any, Terms]:
    """A dtype, what to fold with, and what to fold."""
    real = rng.choice(("float32", "float32", "float64"))
    whole = rng.choice(("int32", "int64", "int8"))
    index = rng.choice(("int32", "int64"))
    best = rng.choice((te.argmax, te.argmin))
    tied = rng.choice((2, 3, 1000))
    ways: list[tuple[str, Any, Terms]] = [
        (whole, best, lambda i, x: (cast(index, i), cast("int32", x) % tied)),
        (real, best, lambda i, x: (cast(index, i), x)),
        (real, best, lambda i, x: (i, te.floor(x * 2))),
        (real, online_softmax, lambda i, x: (x * 4, const(1.0, real))),
        (real, welford, lambda i, x: (const(1.0, real), x, const(0.0, real))),
        (whole, complex_product, lambda i, x: (x, cast(whole, i % 3))),
        (real, complex_product, lambda i, x: (x, const(0.5, real))),
        (whole, count_of_largest, lambda i, x: (x % 5, cast("int32", i * 0 + 1))),
        ("int32", last_digits, lambda i, x: x % 89 + 1),
    ]
    return rng.choice(ways)
