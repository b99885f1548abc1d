"""Sums of the weights of a softmax, whole or in parts: what `rescale` works on."""

from __future__ import annotations

from collections.abc import Sequence

import tvmlab as t
from tvmlab.te.tensor import Tensor


def sum_in_parts() -> Tensor:
    """The sums of the weights of 8 rows of 64, in 4 parts of 16 each."""
    a = t.placeholder((8, 64), "float16", name="A")
    ji, jo = t.reduce_axis((0, 16), name="ji"), t.reduce_axis((0, 4), name="jo")
    parts = t.compute((8, 4), lambda i, jo: t.max(a[i, jo * 16 + ji], axis=ji), name="M_partial")
    m = t.compute((8,), lambda i: t.max(parts[i, jo], axis=jo), name="M")
    e = t.compute((8, 64), lambda i, x: t.exp(a[i, x] - m[i]), name="E")
    sums = t.compute((8, 4), lambda i, jo: t.sum(e[i, jo * 16 + ji], axis=ji), name="B_partial")
    whole: Tensor = t.compute((8,), lambda i: t.sum(sums[i, jo], axis=jo), name="B")
    return whole


def softmax(rows: int = 6, columns: int = 48, scale: float = 1.0) -> Sequence[Tensor]:
    """M, E, T as one writes them; the sum, and the values 0, 1, ... that the weights mean."""
    a = t.placeholder((rows, columns), name="A")
    j, k, l = (t.reduce_axis((0, columns), name=n) for n in "jkl")  # noqa: E741
    m = t.compute((rows,), lambda y: t.max(a[y, j], axis=j), name="M")
    e = t.compute((rows, columns), lambda y, x: t.exp((a[y, x] - m[y]) * scale), name="E")
    total = t.compute((rows,), lambda y: t.sum(e[y, k], axis=k), name="T")
    mean = t.compute((rows,), lambda y: t.sum(e[y, l] * l.astype("float32"), axis=l), name="O")
    return total, mean
