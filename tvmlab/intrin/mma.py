"""NVIDIA's `mma.sync`: products of tiles whose registers have a documented layout.

PTX ISA, "Matrix multiply-accumulate instructions": m16n8k16 for 16-bit floats, m16n8k32 for bytes
and m16n8k8 for float32 rounded to tf32, since sm_80; sm_75 makes those of float16 and of bytes of
smaller ones. Results of floats are float32, those of bytes int32.
"""

from __future__ import annotations

from tvmlab.intrin.matrix_tiles import TF32, Family, Shape, declared

MMA = Family(
    "mma",
    {
        "float16": Shape(16, 8, 16),
        "bfloat16": Shape(16, 8, 16),
        "int8": Shape(16, 8, 32),
        TF32: Shape(16, 8, 8),
    },
    {"float16": (7, 5), "bfloat16": (8, 0), "int8": (7, 5), TF32: (8, 0)},
)
"""Its extents for each kind of operands, and since when (PTX ISA, "Target ISA notes")."""

INSTRUCTIONS = declared(MMA)
"""Its members by name: `mma_f16`, `mma_t_f16`, `mma_load_a_f16`, ..., `mma_store_f32`."""
