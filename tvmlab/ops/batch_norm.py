"""Batch normalisation in inference: a scale and a shift for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir.expr import Expr
from tvmlab.ops import checks
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.workload import Array, Workload


def batch_norm(shape: Sequence[int], dtype: str = "float32") -> Workload:
    """Every channel scaled and shifted, as the mean and spread found in training ask for.

    Y[n, c, ...] = A[n, c, ...] * Scale[c] + Shift[c], where a network with its weights known has
    Scale = gamma / sqrt(variance + epsilon) and Shift = beta - mean * Scale.

    Args:
        shape: of A: batch, channels, and any further extents.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    extents = checks.shape("batch_norm", "shape", shape)
    checks.float_dtype("batch_norm", dtype)
    if len(extents) < 2:
        raise UsageError(
            f"batch_norm was given shape={list(extents)}; it has a batch and channels at least."
        )
    channels = (extents[1],)
    a = te.placeholder(extents, dtype, "A")
    scale, shift = (te.placeholder(channels, dtype, name) for name in ("Scale", "Shift"))

    def element(*at: Expr) -> Expr:
        return a[at] * scale[at[1]] + shift[at[1]]

    out = te.compute(extents, element, name="Y")

    def compute(x: Array, factor: Array, term: Array) -> tuple[Array, ...]:
        each = (-1, *(1,) * (len(extents) - 2))
        return (x * factor.reshape(each) + term.reshape(each),)

    args = {"shape": extents, "dtype": dtype}
    flops = 2 * prod(extents)
    return Workload("batch_norm", args, (out,), flops, compute, {"cpu": GenericTemplate})


OPERATOR = Operator(batch_norm, GenericTemplate, ("*shape",))
