"""Programs that the field is known by, each with the schedules that made them known.

A seed is an expression and a function that schedules it. The sizes are small enough for the
interpreter, and no power of two where that would hide a tail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tvmlab as t
from tvmlab.ir.expr import Expr, maximum
from tvmlab.te.tensor import Tensor


@dataclass(frozen=True)
class Seed:
    """A scheduled program.

    Attributes:
        name: the program and the form, which is also the golden's name.
        about: what the schedule does, in a sentence.
        expression: makes the tensors, anew at each call.
        schedule: takes the steps.
    """

    name: str
    about: str
    expression: Callable[[], Sequence[Tensor]]
    schedule: Callable[[t.Schedule], None]

    def scheduled(self) -> t.Schedule:
        """The schedule after its steps."""
        s = t.create_schedule(list(self.expression()))
        self.schedule(s)
        return s


# Halide's 3x3 box blur (Ragan-Kelley and others, PLDI 2013, figure 1)


def blur() -> Sequence[Tensor]:
    """Three neighbours in a row, then three in a column, of an image of 34 x 30."""
    image = t.placeholder((34, 30), name="image")
    h = t.compute(
        (34, 28), lambda y, x: (image[y, x] + image[y, x + 1] + image[y, x + 2]) / 3.0, name="h"
    )
    return [t.compute((32, 28), lambda y, x: (h[y, x] + h[y + 1, x] + h[y + 2, x]) / 3.0, name="v")]


def breadth_first(s: t.Schedule) -> None:
    """The expression as it stands: every stage whole."""
    s["h"].vectorize(s["h"].split("x", 4)[1])
    s["v"].vectorize(s["v"].split("x", 4)[1])


def fused(s: t.Schedule) -> None:
    """Nothing stored, each of the first stage's elements computed wherever it is read."""
    s["h"].compute_inline()
    s["v"].vectorize(s["v"].split("x", 4)[1])


def sliding(s: t.Schedule) -> None:
    """A window of three rows slides down; each row is computed once."""
    s["h"].compute_at("v", "y")
    s["h"].rolling_buffer("y")


def tiled(s: t.Schedule) -> None:
    """Tiles with a halo of their own, on all cores."""
    yo, xo, _, xi = s["v"].tile("y", "x", 8, 14)
    s["h"].compute_at("v", xo)
    s["v"].vectorize(xi)
    s["v"].parallel(yo)


# Softmax over rows


def rows() -> Sequence[Tensor]:
    """The softmax of 6 rows of 37: the greatest, the exponentials, their sum, the quotients."""
    x = t.placeholder((6, 37), name="x")
    j, k = t.reduce_axis((0, 37), name="j"), t.reduce_axis((0, 37), name="k")
    peak = t.compute((6,), lambda y: t.max(x[y, j], axis=j), name="peak")
    e = t.compute((6, 37), lambda y, i: t.exp(x[y, i] - peak[y]), name="e")
    total = t.compute((6,), lambda y: t.sum(e[y, k], axis=k), name="total")
    return [t.compute((6, 37), lambda y, i: e[y, i] / total[y], name="out")]


def row_at_a_time(s: t.Schedule) -> None:
    """All four stages for one row before the next: a row of exponentials is all that is stored."""
    for stage in ("total", "e", "peak"):
        s[stage].compute_at("out", "y")
    s["out"].parallel("y")


def online(a: tuple[Expr, Expr], b: tuple[Expr, Expr]) -> tuple[Expr, Expr]:
    """Two pairs of a greatest value and a sum of exponentials below it, as one.

    Milakov and Gimelshein, Online normalizer calculation for softmax, 2018.
    """
    (m, s), (n, r) = a, b
    peak = maximum(m, n)
    return peak, s * t.exp(m - peak) + r * t.exp(n - peak)


def online_rows() -> Sequence[Tensor]:
    """The softmax of 6 rows of 37 with one pass for the greatest value and the sum."""
    x = t.placeholder((6, 37), name="x")
    j = t.reduce_axis((0, 37), name="j")
    softmax = t.comm_reducer(online, lambda m, s: (t.te.min_value(m) / 2, 0), name="online")
    m, d = t.compute((6,), lambda y: softmax((x[y, j], 1.0), axis=j), name=("m", "d"))
    return [t.compute((6, 37), lambda y, i: t.exp(x[y, i] - m[y]) / d[y], name="out")]


def pair_at_a_time(s: t.Schedule) -> None:
    """The pair of a row, then its quotients: nothing but the pair is stored."""
    s["m"].compute_at("out", "y")
    s["out"].parallel("y")


# Attention (Dao and others, FlashAttention, 2022: one pass over the keys)


def weighted(a: tuple[Expr, ...], b: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The online softmax with the sum of what it weighs."""
    (m, s, o), (n, r, p) = a, b
    peak = maximum(m, n)
    of_a, of_b = t.exp(m - peak), t.exp(n - peak)
    return peak, s * of_a + r * of_b, o * of_a + p * of_b


def attention() -> Sequence[Tensor]:
    """Five queries over 19 keys of 8 numbers, and values of 6: the softmax of the scores times
    the values. Each output column folds the scores' greatest and sum for itself."""
    q = t.placeholder((5, 8), name="q")
    keys, values = t.placeholder((19, 8), name="keys"), t.placeholder((19, 6), name="values")
    c, j = t.reduce_axis((0, 8), name="c"), t.reduce_axis((0, 19), name="j")
    score = t.compute((5, 19), lambda y, n: t.sum(q[y, c] * keys[n, c], axis=c), name="score")
    attend = t.comm_reducer(
        weighted, lambda m, s, o: (t.te.min_value(m) / 2, 0, 0), name="attention"
    )
    _, d, o = t.compute(
        (5, 6), lambda y, x: attend((score[y, j], 1.0, values[j, x]), axis=j), name=("m", "d", "o")
    )
    return [t.compute((5, 6), lambda y, x: o[y, x] / d[y, x], name="out")]


def one_pass(s: t.Schedule) -> None:
    """A score is computed, used for every column and forgotten; so is a query's sum."""
    s["m"].reorder("j", "x")
    s["score"].compute_at("m", "j")
    s["out"].reverse_compute_at("m", "y")
    s["m"].parallel("y")


# Convolution, normalisation and activation


def conv_norm_relu() -> Sequence[Tensor]:
    """A 3x3 convolution of 4 channels of 9 x 9 to 6, scaled and shifted by channel, at least 0."""
    data, weight = t.placeholder((4, 9, 9), name="data"), t.placeholder((6, 4, 3, 3), name="weight")
    scale, shift = t.placeholder((6,), name="scale"), t.placeholder((6,), name="shift")
    c, i, j = (t.reduce_axis((0, e), name=n) for n, e in (("c", 4), ("i", 3), ("j", 3)))
    conv = t.compute(
        (6, 7, 7),
        lambda o, y, x: t.sum(data[c, y + i, x + j] * weight[o, c, i, j], axis=(c, i, j)),
        name="conv",
    )
    norm = t.compute((6, 7, 7), lambda o, y, x: conv[o, y, x] * scale[o] + shift[o], name="norm")
    return [t.compute((6, 7, 7), lambda o, y, x: maximum(norm[o, y, x], 0.0), name="relu")]


def epilogue(s: t.Schedule) -> None:
    """One elementwise epilogue, on each row of the convolution while it is warm."""
    s["relu"].reverse_compute_inline("norm")
    s["conv"].reorder("y", "c", "i", "j", "x")
    s["norm"].reverse_compute_at("conv", "y")
    s["conv"].parallel("o")


SEEDS = (
    Seed("blur_breadth_first", "every stage whole, one after the other", blur, breadth_first),
    Seed("blur_fused", "nothing stored, all computed where it is read", blur, fused),
    Seed("blur_sliding", "a window of three rows slides down", blur, sliding),
    Seed("blur_tiled", "tiles with halos of their own, on all cores", blur, tiled),
    Seed("softmax_row", "four stages for one row before the next", rows, row_at_a_time),
    Seed("softmax_online", "the greatest and the sum in one pass", online_rows, pair_at_a_time),
    Seed("attention_one_pass", "a score is used and forgotten", attention, one_pass),
    Seed(
        "conv_norm_relu", "the epilogue joins each row of the convolution", conv_norm_relu, epilogue
    ),
)
