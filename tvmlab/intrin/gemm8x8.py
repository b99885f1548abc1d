"""The 8 x 8 x 8 matrix multiply-accumulate of the headline example (TVM, OSDI 2018, figure 5)."""

from __future__ import annotations

from tvmlab.intrin.declare import declare
from tvmlab.te.reduction import reduce_axis, sum
from tvmlab.te.tensor import Tensor, compute, placeholder

SIZE = 8


def _definition() -> Tensor:
    a = placeholder((SIZE, SIZE), name="A")
    b = placeholder((SIZE, SIZE), name="B")
    k = reduce_axis((0, SIZE), name="k")
    return compute((SIZE, SIZE), lambda y, x: sum(a[k, y] * b[k, x], axis=k), name="C")


gemm8x8 = declare(
    "gemm8x8",
    _definition(),
    order=(("k", "serial"), ("y", "unrolled"), ("x", "vectorized")),
    update="fused_gemm8x8_add",
    start="fill_zero",
)
"""C[y, x] += A[k, y] * B[k, x] over an 8 x 8 x 8 cube, float32; `fill_zero` starts it."""
