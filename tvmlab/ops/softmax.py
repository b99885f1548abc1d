"""Softmax over the rows of a matrix, in five blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ops.checks import float_dtype, size
from tvmlab.ops.operator import Operator
from tvmlab.ops.rows import RowsTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs


def softmax(rows: int, columns: int, dtype: str = "float32") -> Workload:
    """The exponentials of each row's elements, scaled so that they add up to one.

    M[i] = max over j of A[i, j]; E[i, j] = exp(A[i, j] - M[i]); S[i] = sum over j of E[i, j];
    R[i] = 1 / S[i]; Y[i, j] = E[i, j] * R[i]. Taking the largest element away keeps exp from
    overflowing; one division a row leaves its elements a product each.

    Args:
        rows, columns: the shape of A.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    m, n = size("softmax", "rows", rows), size("softmax", "columns", columns)
    float_dtype("softmax", dtype)
    a = te.placeholder((m, n), dtype, name="A")
    j, k = te.reduce_axis((0, n), name="j"), te.reduce_axis((0, n), name="j")
    largest = te.compute((m,), lambda i: te.max(a[i, j], axis=j), name="M")
    powers_ = te.compute((m, n), lambda i, j: te.exp(a[i, j] - largest[i]), name="E")
    total = te.compute((m,), lambda i: te.sum(powers_[i, k], axis=k), name="S")
    share = te.compute((m,), lambda i: 1.0 / total[i], name="R")
    out = te.compute((m, n), lambda i, j: powers_[i, j] * share[i], name="Y")

    def compute(x: Array) -> tuple[Array, ...]:
        raised = np.exp(x - x.max(axis=1, keepdims=True))
        return (raised / raised.sum(axis=1, keepdims=True),)

    args = {"rows": m, "columns": n, "dtype": dtype}
    return Workload("softmax", args, (out,), 5 * m * n, compute, {"cpu": SoftmaxTemplate})


class SoftmaxTemplate(RowsTemplate):
    """All five blocks row by row."""

    kind = "softmax"


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One input and one output of two dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2]:
        rows, columns = out.extents
        yield {"rows": rows, "columns": columns, "dtype": out.dtype}


OPERATOR = Operator(softmax, SoftmaxTemplate, ("rows", "columns"), guesses)
