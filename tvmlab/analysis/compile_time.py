"""How long a compiler will take over a program, before anyone asks it.

Vectors, unrolled tiles and register accumulators are explicit in the code that targets print, so
its length is known from the schedule, and the compiler's time follows from the length.
"""

from __future__ import annotations

INSTRUCTION_S = 0.12e-3
"""Seconds for each instruction of straight-line code, parsing to object code."""

HELD_S = 0.9e-6
"""Seconds for each pair of values held in registers around one loop: the register allocator looks
at each against all others."""


LOOP_S = 0.125e-3
"""Seconds for each pair of loops that the compiler may vectorize and unroll by itself."""


def compile_time_s(instructions: int, held: int = 0, loops: int = 0) -> float:
    """Seconds that compiling takes, within a factor of two.

    The first two constants are fitted to LLVM 22 at level 3 on one core (Zen 4, 2.6 GHz), on
    products and elementwise kernels of 555 to 132,618 instructions that hold up to 4,096 values:
    estimated 0.07, 0.14, 0.52, 0.61, 0.74, 3.1, 16 and 18 s, measured 0.04, 0.08, 0.53, 0.54, 0.56,
    3.0, 17 and 18 s. The third to 64, 128 and 256 copies of a scalar sum: 0.65, 2.3 and 8.7 s,
    measured 0.68, 2.2 and 8.3 s.

    Args:
        instructions: how many instructions are printed.
        held: the most values that one loop hands from iteration to iteration.
        loops: how many loops the compiler may reshape, as no schedule gave them a shape.
    """
    return instructions * INSTRUCTION_S + held * held * HELD_S + loops * loops * LOOP_S
