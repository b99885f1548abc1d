"""Hardware instructions as small programs, one file each; `declare` adds one's own."""

from tvmlab.intrin import copies, mma, wmma
from tvmlab.intrin.declare import declare
from tvmlab.intrin.dot import dot2_bf16, dot4_u8s8
from tvmlab.intrin.fma import fma8x32, fma8x32_t
from tvmlab.intrin.gemm8x8 import gemm8x8

__all__ = [
    "copies",
    "declare",
    "dot2_bf16",
    "dot4_u8s8",
    "fma8x32",
    "fma8x32_t",
    "gemm8x8",
    "mma",
    "wmma",
]
