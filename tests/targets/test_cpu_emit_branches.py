"""Branches that unrolled code decides: nothing of them is left in the loops around."""

from __future__ import annotations

import numpy as np

import tvmlab.te as te
from tests.targets.emitted import run, schedule
from tvmlab.ir.expr import select
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features


def windows() -> Schedule:
    """Y[i] = sum over k of X[i + k - 1], without what lies before X, four i written out inside."""
    X = te.placeholder((16, 32), "int32", name="X")
    k, c = te.reduce_axis((0, 3), name="k"), te.reduce_axis((0, 32), name="c")
    Y = te.compute(
        (16,),
        lambda i: te.sum(select((i + k >= 1) & (i + k < 17), X[i + k - 1, c], 0), axis=[k, c]),
        name="Y",
    )
    s = schedule(Y)
    outer, inner = s[Y].split("i", 4)
    s[Y].reorder(outer, "k", "c", inner)
    s[Y].unroll(inner)
    return s


def test_a_condition_is_asked_only_where_it_may_fail() -> None:
    """Of four windows that are written out the first alone may begin before X: two branches choose
    the last windows and their last element, and one is left for the first; it was one for each."""
    s = windows()
    text = emit(lower(s.mod), cpu_features())
    assert text.count("label %then.if") == 3
    x = np.arange(16 * 32, dtype=np.int32).reshape(16, 32)
    padded = np.pad(x, ((1, 1), (0, 0))).sum(1)
    assert np.array_equal(run(s.mod, x), padded[:-2] + padded[1:-1] + padded[2:])
