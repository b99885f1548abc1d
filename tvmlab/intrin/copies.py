"""Copies of 16 bytes from global to shared memory that go on by themselves until threads wait.

NVIDIA's `cp.async` (PTX ISA, "Data movement and conversion instructions: cp.async", since sm_80):
the thread does not hold the elements in registers, and calculates meanwhile. Whoever lowers a
program for such a device lets threads wait for them wherever they wait for each other.
"""

from __future__ import annotations

from tvmlab.intrin.declare import declare
from tvmlab.intrin.matrix_tiles import SHORT
from tvmlab.ir import dtypes
from tvmlab.ir.instruction import Instruction
from tvmlab.te.tensor import compute, placeholder

BYTES = 16
DTYPES = ("float32", "float16", "bfloat16", "int8")


def _copy(dtype: str) -> Instruction:
    count = BYTES // dtypes.size_bytes(dtype)
    source = placeholder((count,), dtype, name="A")
    copy = compute((count,), lambda x: source[x], name="C")
    return declare(
        f"copy_async_{SHORT[dtype]}", copy, order=[("x", "vectorized")], asynchronous=True
    )


INSTRUCTIONS = {instruction.name: instruction for instruction in map(_copy, DTYPES)}
"""By name: `copy_async_f32`, `copy_async_f16`, `copy_async_bf16`, `copy_async_s8`."""
