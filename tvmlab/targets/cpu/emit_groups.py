"""Dot products of groups on processors without an instruction for them, from their words.

A word of 32 bits holds a group. Of bytes the even ones and the odd ones are pairs of 16 bits, which
every x86 multiplies and adds in one instruction (PMADDWD): 255 * 127 * 2 is far from its end, where
PMADDUBSW, which takes bytes, would saturate. Of bfloat16 each is half of a float32. What is done to
the word of one operand is shared by all sums that use it.
"""

from __future__ import annotations

from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_types import value_type

_MULTIPLY_ADD = {
    128: ("llvm.x86.sse2.pmadd.wd", "SSE4.2"),
    256: ("llvm.x86.avx2.pmadd.wd", "AVX2"),
    512: ("llvm.x86.avx512.pmaddw.d.512", "AVX-512BW"),
}
"""By the bits of a register: LLVM's name of the instruction, and a set of instructions that has it
(Intel, Software Developer's Manual, volume 2, PMADDWD)."""


def is_from_words(cx: Context, operation: str, lanes: int) -> bool:
    """Whether the processor has what an operation in so many lanes is made of here."""
    if lanes == 1 or operation == "dot2_bf16":
        return lanes > 1 and cx.machine.has_fma
    _, needed = _MULTIPLY_ADD.get(lanes * 32, ("", ""))
    return needed in cx.machine.instruction_sets


def dot_of_bytes(cx: Context, total: str, words: tuple[str, str], lanes: int) -> str:
    """`total` plus the products of four unsigned and four signed bytes in each lane, modulo
    2**32."""
    name, _ = _MULTIPLY_ADD[lanes * 32]
    kind, pairs = value_type("int32", lanes), f"<{2 * lanes} x i16>"
    left, right = (cx.text.pure(f"bitcast {kind} {w} to {pairs}", (w,)) for w in words)
    eight = _splat("i16", 8, 2 * lanes)
    up = cx.text.pure(f"shl {pairs} {right}, {eight}", (right,))
    both = (
        (
            cx.text.pure(f"and {pairs} {left}, {_splat('i16', 255, 2 * lanes)}", (left,)),
            cx.text.pure(f"ashr {pairs} {up}, {eight}", (up,)),
        ),
        (
            cx.text.pure(f"lshr {pairs} {left}, {eight}", (left,)),
            cx.text.pure(f"ashr {pairs} {right}, {eight}", (right,)),
        ),
    )
    for a, b in both:
        product = cx.text.call(kind, name, ((pairs, a), (pairs, b)))
        total = cx.text.pure(f"add {kind} {total}, {product}", (total, product))
    return total


def dot_of_bfloat16(cx: Context, total: str, words: tuple[str, str], lanes: int) -> str:
    """`total` plus two products of bfloat16 in each lane, the first before the second."""
    kind, floats = value_type("int32", lanes), value_type("float32", lanes)
    sixteen, high = _splat("i32", 16, lanes), _splat("i32", -(1 << 16), lanes)
    for change in (f"shl {kind} {{}}, {sixteen}", f"and {kind} {{}}, {high}"):
        factors = []
        for word in words:
            bits = cx.text.pure(change.format(word), (word,))
            factors.append((floats, cx.text.pure(f"bitcast {kind} {bits} to {floats}", (bits,))))
        total = cx.text.call(floats, f"llvm.fma.v{lanes}f32", (*factors, (floats, total)))
    return total


def _splat(kind: str, number: int, lanes: int) -> str:
    return f"<{', '.join([f'{kind} {number}'] * lanes)}>"
