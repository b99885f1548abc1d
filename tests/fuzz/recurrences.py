"""Random recurrences: cells of one to three stages and one or two states, stencils among them."""

from __future__ import annotations

import random

import tvmlab.te as te
from tvmlab.ir.expr import Expr, cast, const, select
from tvmlab.te.tensor import Tensor

STEPS = (2, 3, 4, 5, 7, 8)
EXTENTS = (1, 2, 3, 5, 8)


def random_recurrence(rng: random.Random) -> Tensor:
    """What a scan of a random family gives, at times read by another computation."""
    way = rng.choice((cumulative, moving_average, pair, stencil, gated, direct))
    steps, extent = rng.choice(STEPS), rng.choice(EXTENTS)
    dtype = rng.choice(("float32", "float32", "float64", "int32", "uint8"))
    found = way(rng, steps, extent, dtype)
    if rng.random() < 0.4:
        shape = found.extents
        return te.compute(shape, lambda s, i: found[s, i] * 2 + found[s, 0], name="Y")
    return found


def cumulative(rng: random.Random, steps: int, extent: int, dtype: str) -> Tensor:
    """Running sums or extremes of rows, which begin with a row of the input or more."""
    X = te.placeholder((steps, extent), dtype, "X")
    state = te.placeholder((steps, extent), dtype, "h")
    first = rng.randint(1, min(2, steps - 1))
    back = rng.randint(1, first)
    init = te.compute((first, extent), lambda s, i: X[s, i], "h0")
    fold = rng.choice((lambda a, b: a + b, te.max, te.min))
    update = te.compute((steps, extent), lambda s, i: fold(state[s - back, i], X[s, i]), "u")
    return te.scan(init, update, state)


def moving_average(rng: random.Random, steps: int, extent: int, dtype: str) -> Tensor:
    """An exponential mean whose first row is handed in."""
    X = te.placeholder((steps, extent), dtype, "X")
    given = te.placeholder((1, extent), dtype, "given")
    state = te.placeholder((steps, extent), dtype, "m")
    weight = const(0.25, dtype) if dtype.startswith("f") else const(3, dtype)
    update = te.compute(
        (steps, extent),
        lambda s, i: state[s - 1, i] * weight + X[s, i],
        "u",
    )
    return te.scan(given, update, state, inputs=[X])


def pair(rng: random.Random, steps: int, extent: int, dtype: str) -> Tensor:
    """Two states, of which the second is updated from the first's new value or its old one."""
    X = te.placeholder((steps, extent), dtype, "X")
    a, b = (te.placeholder((steps, extent), dtype, n) for n in ("a", "b"))
    zero = te.compute((1, extent), lambda s, i: const(0, dtype), "a0")
    one = te.compute((1, extent), lambda s, i: const(1, dtype), "b0")
    new_a = te.compute((steps, extent), lambda s, i: a[s - 1, i] + b[s - 1, i], "ua")
    old = rng.random() < 0.5

    def second(s: Expr, i: Expr) -> Expr:
        return (a[s - 1, i] if old else new_a[s, i]) - X[s, i]

    new_b = te.compute((steps, extent), second, "ub")
    return te.scan([zero, one], [new_a, new_b], [a, b])[rng.randint(0, 1)]


def stencil(rng: random.Random, steps: int, extent: int, dtype: str) -> Tensor:
    """A row from its neighbours a step before, guarded at the borders or going round."""
    state = te.placeholder((steps, extent), dtype, "h")
    given = te.placeholder((1, extent), dtype, "given")

    def left(s: Expr, i: Expr) -> Expr:
        return select(i >= 1, state[s - 1, i - 1], const(0, dtype))

    def right(s: Expr, i: Expr) -> Expr:
        return state[s - 1, (i + 1) % extent]

    sides = [left, right][: rng.randint(1, 2)]
    if rng.random() < 0.4:
        parts = [te.compute((steps, extent), f, f"p{n}") for n, f in enumerate(sides)]
        sides = [lambda s, i, p=p: p[s, i] for p in parts]
    update = te.compute(
        (steps, extent), lambda s, i: sides[0](s, i) + sides[-1](s, i) + state[s - 1, i], "u"
    )
    return te.scan(given, update, state)


def gated(rng: random.Random, steps: int, extent: int, dtype: str) -> Tensor:
    """Products with the state before, a gate and an update over them."""
    X = te.placeholder((steps, extent), dtype, "X")
    W = te.placeholder((extent, extent), dtype, "W")
    state = te.placeholder((steps, extent), dtype, "h")
    init = te.compute((1, extent), lambda s, i: const(1, dtype), "h0")
    k, j = te.reduce_axis((0, extent), "k"), te.reduce_axis((0, extent), "j")
    turned = rng.random() < 0.5

    def weight(i: Expr, k: Expr) -> Expr:
        return W[k, i] if turned else W[i, k]

    hidden = te.compute(
        (steps, extent), lambda s, i: te.sum(weight(i, k) * state[s - 1, k], axis=k), "g"
    )
    source = te.compute((steps, extent), lambda s, i: te.sum(W[i, j] * X[s, j], axis=j), "x")
    if dtype.startswith("float"):
        gate = te.compute((steps, extent), lambda s, i: te.sigmoid(hidden[s, i]), "z")
    else:
        gate = te.compute((steps, extent), lambda s, i: hidden[s, i] % const(3, dtype), "z")
    update = te.compute(
        (steps, extent),
        lambda s, i: gate[s, i] * state[s - 1, i] + source[s, i] + cast(dtype, i),
        "u",
    )
    return te.scan(init, update, state)


def direct(rng: random.Random, steps: int, extent: int, dtype: str) -> Tensor:
    """A fold over the state before, which is the update itself."""
    W = te.placeholder((extent, extent), dtype, "W")
    state = te.placeholder((steps, extent), dtype, "h")
    given = te.placeholder((1, extent), dtype, "given")
    k = te.reduce_axis((0, extent), "k")
    fold = rng.choice((te.sum, te.max))
    update = te.compute((steps, extent), lambda s, i: fold(W[i, k] * state[s - 1, k], axis=k), "u")
    return te.scan(given, update, state)
