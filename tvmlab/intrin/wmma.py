"""NVIDIA's `wmma`: products of 16 x 16 x 16 tiles whose registers are the processor's secret.

PTX ISA, "Warp level matrix multiply-accumulate instructions": float16 since sm_70, bytes since
sm_72, bfloat16 since sm_80. Results of floats are float32, those of bytes int32.
"""

from __future__ import annotations

from tvmlab.intrin.matrix_tiles import Family, Shape, declared

WMMA = Family(
    "wmma",
    dict.fromkeys(("float16", "bfloat16", "int8"), Shape(16, 16, 16)),
    {"float16": (7, 0), "bfloat16": (8, 0), "int8": (7, 2)},
)
"""Its extents for each dtype of operands, and since when."""

INSTRUCTIONS = declared(WMMA)
"""Its members by name: `wmma_f16`, `wmma_t_f16`, `wmma_load_a_f16`, ..., `wmma_store_f32`."""
