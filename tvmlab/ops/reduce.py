"""A tensor folded over some of its dimensions: sum, mean, product, greatest, smallest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir.expr import Expr
from tvmlab.ops.checks import float_dtype
from tvmlab.ops.checks import shape as extents_from
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.workload import Array, Workload

FOLDS: Mapping[str, tuple[Callable[..., Expr], Callable[..., Any]]] = {
    "sum": (te.sum, np.sum),
    "mean": (te.sum, np.mean),
    "prod": (te.prod, np.prod),
    "max": (te.max, np.fmax.reduce),
    "min": (te.min, np.fmin.reduce),
}
"""By name: the reduction in `te`, and in NumPy."""


def reduce(
    shape: Sequence[int],
    axes: int | Sequence[int] = -1,
    by: str = "sum",
    dtype: str = "float32",
) -> Workload:
    """A tensor folded over some of its dimensions, which are gone from the result.

    B[p] = the sum, mean, product, maximum or minimum of A[p, q] over all q, where q are the
    dimensions `axes` and p the others in order. The maximum and the minimum ignore NaN.

    Args:
        shape: of A.
        axes: the dimension or dimensions folded; from the end if negative.
        by: one of sum, mean, prod, max, min.
        dtype: of both: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    extents = extents_from("reduce", "shape", shape)
    float_dtype("reduce", dtype)
    if by not in FOLDS:
        raise UsageError(f"reduce was given by={by!r}; it is one of {', '.join(FOLDS)}.")
    folded = _folded(axes, len(extents))
    kept = tuple(n for n in range(len(extents)) if n not in folded)
    fold, numpy_fold = FOLDS[by]
    a = te.placeholder(extents, dtype, name="A")
    inner = [te.reduce_axis((0, extents[n]), name=f"k{n}") for n in folded]

    def element(*p: Expr) -> Expr:
        places = {**dict(zip(kept, p, strict=True)), **dict(zip(folded, inner, strict=True))}
        return fold(a[tuple(places[n] for n in range(len(extents)))], axis=tuple(inner))

    left = tuple(extents[n] for n in kept)
    count = prod(extents[n] for n in folded)
    out = te.compute(left, element, name="B" if by != "mean" else "S")
    if by == "mean":
        total = out
        out = te.compute(left, lambda *p: total[p] * (1.0 / count), name="B")

    def compute(x: Array) -> tuple[Array, ...]:
        return (np.asarray(numpy_fold(x, axis=folded)),)

    args = {"shape": extents, "axes": folded, "by": by, "dtype": dtype}
    return Workload("reduce", args, (out,), prod(extents), compute, {"cpu": GenericTemplate})


def _folded(axes: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """The dimensions folded, in order, counted from the front."""
    given = (axes,) if isinstance(axes, int) else tuple(axes)
    found = sorted({n % rank for n in given if -rank <= n < rank})
    if not found or len(found) != len(given):
        raise UsageError(
            f"reduce was given axes={axes!r} for {rank} dimension(s); give one or more of "
            f"{-rank} to {rank - 1}, each dimension once."
        )
    return tuple(found)


OPERATOR = Operator(reduce, GenericTemplate, ("*shape",))
