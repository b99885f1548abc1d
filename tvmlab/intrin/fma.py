"""Tiles of float32 results in AVX-512's registers, updated by fused multiply-adds of 16 lanes.

Eight rows of two registers are 16 accumulators: twice what hides the latency of two multiply-adds
a cycle, and with two registers of B and one for an element of A they leave room to spare. Each
step loads two vectors and eight elements for 16 multiply-adds.
"""

from __future__ import annotations

from tvmlab.intrin.declare import declare
from tvmlab.te.reduction import reduce_axis, sum
from tvmlab.te.tensor import Tensor, compute, placeholder

ROWS, COLUMNS, STEPS = 8, 32, 4

_ORDER = (("k", "unrolled"), ("y", "unrolled"), ("x", "vectorized"))


def _definition(transpose_a: bool) -> Tensor:
    a = placeholder((STEPS, ROWS) if transpose_a else (ROWS, STEPS), name="A")
    b = placeholder((STEPS, COLUMNS), name="B")
    k = reduce_axis((0, STEPS), name="k")
    return compute(
        (ROWS, COLUMNS),
        lambda y, x: sum((a[k, y] if transpose_a else a[y, k]) * b[k, x], axis=k),
        name="C",
    )


fma8x32 = declare("fma8x32", _definition(transpose_a=False), order=_ORDER)
"""C[y, x] += A[y, k] * B[k, x]: 8 rows, 32 columns, 4 steps, float32."""

fma8x32_t = declare("fma8x32_t", _definition(transpose_a=True), order=_ORDER)
"""C[y, x] += A[k, y] * B[k, x]: as `fma8x32`, with A stored by columns."""
