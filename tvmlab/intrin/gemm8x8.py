"""The 8 x 8 x 8 matrix multiply-accumulate of the headline example (TVM, OSDI 2018, figure 5)."""

from __future__ import annotations

from tvmlab.ir.instruction import Instruction, declare
from tvmlab.te.naive import lower_naive
from tvmlab.te.reduction import reduce_axis, sum
from tvmlab.te.tensor import compute, placeholder

SIZE = 8


def _definition() -> Instruction:
    a = placeholder((SIZE, SIZE), name="A")
    b = placeholder((SIZE, SIZE), name="B")
    k = reduce_axis((0, SIZE), name="k")
    c = compute((SIZE, SIZE), lambda y, x: sum(a[k, y] * b[k, x], axis=k), name="C")
    return Instruction(
        name="gemm8x8",
        update="fused_gemm8x8_add",
        start="fill_zero",
        program=lower_naive([c]),
        order=(("k", "serial"), ("y", "unrolled"), ("x", "vectorized")),
    )


gemm8x8 = declare(_definition())
"""C[y, x] += A[k, y] * B[k, x] over an 8 x 8 x 8 cube, float32; `fill_zero` starts it."""
