"""Hardware instructions as small programs, one file each."""

from tvmlab.intrin.gemm8x8 import gemm8x8

__all__ = ["gemm8x8"]
