"""Layer normalisation over the rows of a matrix, in three blocks."""

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

EPSILON = 1e-5
"""Added to the variance, so that a constant row divides by no zero (Ba et al. 2016; the default of
PyTorch and ONNX)."""


def layer_norm(rows: int, columns: int, dtype: str = "float32") -> Workload:
    """Each row's elements, shifted and scaled to mean 0 and variance 1, then by gamma and beta.

    M[i] = sum over j of A[i, j] / columns; V[i] = sum over j of (A[i, j] - M[i])**2 / columns;
    Y[i, j] = (A[i, j] - M[i]) / sqrt(V[i] + EPSILON) * G[j] + B[j].

    Args:
        rows, columns: the shape of A; G (gamma) and B (beta) have `columns` elements.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    m, n = size("layer_norm", "rows", rows), size("layer_norm", "columns", columns)
    float_dtype("layer_norm", dtype)
    a = te.placeholder((m, n), dtype, name="A")
    gamma, beta = (te.placeholder((n,), dtype, name=name) for name in "GB")
    j, k = te.reduce_axis((0, n), name="j"), te.reduce_axis((0, n), name="j")
    total = te.compute((m,), lambda i: te.sum(a[i, j], axis=j), name="M")

    def centred(i: Any, x: Any) -> Any:
        return a[i, x] - total[i] * (1.0 / n)

    spread = te.compute((m,), lambda i: te.sum(centred(i, k) * centred(i, k), axis=k), name="V")
    scale = te.compute((m,), lambda i: 1.0 / te.sqrt(spread[i] * (1.0 / n) + EPSILON), name="R")
    out = te.compute((m, n), lambda i, j: centred(i, j) * scale[i] * gamma[j] + beta[j], name="Y")

    def compute(x: Array, g: Array, b: Array) -> tuple[Array, ...]:
        shifted = x - x.mean(axis=1, keepdims=True)
        variance = (shifted * shifted).mean(axis=1, keepdims=True)
        return (shifted / np.sqrt(variance + EPSILON) * g + b,)

    args = {"rows": m, "columns": n, "dtype": dtype}
    return Workload("layer_norm", args, (out,), 9 * m * n, compute, {"cpu": LayerNormTemplate})


class LayerNormTemplate(RowsTemplate):
    """Mean, variance and result row by row."""

    kind = "layer_norm"
    together = 1
    """Memory is what takes long, and it reads and writes by turns; longer turns are slower (by a
    fifth with two rows of 4 KB that no cache holds, Zen 4)."""


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """A matrix and two rows, and one output of two dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2, 1, 1]:
        rows, columns = out.extents
        yield {"rows": rows, "columns": columns, "dtype": out.dtype}


OPERATOR = Operator(layer_norm, LayerNormTemplate, ("rows", "columns"), guesses)
