"""Columns of a matrix that unrolled code reads one by one: whole rows, transposed in registers.

    for i in unrolled(4):                         r0 = a0 a1 a2 a3        c0 = a0 b0 c0 d0
        B[i, ramp(0, 4)] = A[ramp(0, 4), i]   ->  r1 = b0 b1 b2 b3   ->   c1 = a1 b1 c1 d1
                                                  r2, r3 likewise         c2, c3 likewise

A lane's elements are far apart, so a column alone would be gathered, an element at a time. As many
columns as there are lanes are had for as many loads, and log2(lanes) shuffles each: half of a
square changes places with its mirror image, then half of each half, and so on.
"""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_index import Address, pointer_to
from tvmlab.targets.cpu.emit_types import memory_type, vector_literal


def column_of(cx: Context, at: Address) -> int | None:
    """Which column of a square an access reads, whose others are read as well; None if it is none.

    The square is as wide as the lanes are many, and lies in the buffer.
    """
    chunk, index = cx.chunk, at.index
    if not index.is_even or not index.inside or chunk.active < chunk.lanes:
        return None
    steps = [v for v, by, _ in index.terms if isinstance(v, Var) and v in cx.constants and by == 1]
    if len(steps) != 1:
        return None
    number, (least, last) = cx.constants[steps[0]], cx.ranges[steps[0]]
    column = number % chunk.lanes
    first = number - column
    return column if least <= first and first + chunk.lanes - 1 <= last else None


def load_column(cx: Context, buffer: Buffer, at: Address, column: int) -> str:
    """The lanes, as memory holds them, of the access that `column_of` found to be `column`.

    Loads and shuffles that an earlier column made are found again by their text.
    """
    lanes = cx.chunk.lanes
    kind = memory_type(buffer.dtype, lanes)
    align = dtypes.size_bytes(buffer.dtype)
    square = []
    for lane in range(lanes):
        pointer = pointer_to(cx, buffer, at, lane * at.index.stride - column)
        square.append(
            cx.text.load(f"load {kind}, ptr {pointer}, align {align}", (pointer,), buffer)
        )
    half = lanes // 2
    while half:
        square = _mirrored(cx, kind, square, half)
        half //= 2
    return square[column]


def _mirrored(cx: Context, kind: str, square: list[str], half: int) -> list[str]:
    """The square after its blocks of `half` by `half` off the diagonal changed places in pairs."""
    lanes = len(square)
    mirrored = list(square)
    stay = [n if not n & half else n + lanes - half for n in range(lanes)]
    move = [n + half if not n & half else n + lanes for n in range(lanes)]
    for row in range(lanes):
        if not row & half:
            a, b = square[row], square[row + half]
            for target, picks in ((row, stay), (row + half, move)):
                mask = f"<{lanes} x i32> {vector_literal(picks, 'int32')}"
                mirrored[target] = cx.text.pure(
                    f"shufflevector {kind} {a}, {kind} {b}, {mask}", (a, b)
                )
    return mirrored
