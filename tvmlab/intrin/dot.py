"""Dot products of a few narrow elements in each of 16 lanes: what AVX-512 has for neural networks.

The weights stand in groups, `B[k // 4][x][k % 4]`, so that a vector of them holds what 16 results
need; the group of A is the same for all lanes.
"""

from __future__ import annotations

from tvmlab.intrin.declare import declare
from tvmlab.te.reduction import reduce_axis, sum
from tvmlab.te.tensor import Tensor, compute, placeholder

LANES = 16
"""Results in one 512-bit register."""


def _definition(a_dtype: str, b_dtype: str, group: int, wide: str) -> Tensor:
    a = placeholder((group,), a_dtype, name="A")
    b = placeholder((LANES, group), b_dtype, name="B")
    k = reduce_axis((0, group), name="k")
    return compute(
        (LANES,),
        lambda x: sum(a[k].astype(wide) * b[x, k].astype(wide), axis=k),
        name="C",
    )


dot4_u8s8 = declare(
    "dot4_u8s8",
    _definition("uint8", "int8", 4, "int32"),
    order=(("x", "vectorized"),),
    operation="dot4_u8s8",
)
"""C[x] += sum over k of int32(A[k]) * int32(B[x, k]): x over 16 lanes, k over 4 bytes, A unsigned
and B signed. AVX512-VNNI's VPDPBUSD; exact, as nothing saturates."""

dot2_bf16 = declare(
    "dot2_bf16",
    _definition("bfloat16", "bfloat16", 2, "float32"),
    order=(("x", "vectorized"),),
    operation="dot2_bf16",
)
"""C[x] += sum over k of float32(A[k]) * float32(B[x, k]): x over 16 lanes, k over 2 bfloat16.
AVX512-BF16's VDPBF16PS; `tvmlab.ir.operation` says how it rounds."""
