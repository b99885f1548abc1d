"""Machine operations as the instructions that this processor has for them.

A lane of such an instruction takes several narrow elements that stand beside each other, 32 bits
in all: its operands are loaded as vectors of 32-bit lanes, or one such group for all lanes. Where
the elements stand otherwise, or the processor lacks the instruction, the operation is calculated
as the expression that it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Call, Expr
from tvmlab.ir.operation import spelled
from tvmlab.targets.cpu.emit_context import Context, evaluate, spread
from tvmlab.targets.cpu.emit_groups import dot_of_bfloat16, dot_of_bytes, is_from_words
from tvmlab.targets.cpu.emit_index import LinearIndex, address, linear_index, pointer_to
from tvmlab.targets.cpu.emit_types import value_type

GROUP_BITS = 32
"""What one lane takes of each operand."""


@dataclass(frozen=True)
class _Native:
    """An x86 instruction: LLVM's name of it before the width, and the type of its elements.

    `sets` are the instruction sets, any of which has it: for 512 bits, and for fewer.
    """

    intrinsic: str
    element: str
    wide: tuple[frozenset[str], ...]
    narrow: tuple[frozenset[str], ...]


_NATIVE = {
    "dot4_u8s8": _Native(
        "llvm.x86.avx512.vpdpbusd",
        "i8",
        (frozenset({"AVX-512VNNI"}),),
        (frozenset({"AVX-512VNNI", "AVX-512VL"}), frozenset({"AVX-VNNI"})),
    ),
    "dot2_bf16": _Native(
        "llvm.x86.avx512bf16.dpbf16ps",
        "bfloat",
        (frozenset({"AVX-512BF16"}),),
        (frozenset({"AVX-512BF16", "AVX-512VL"}),),
    ),
}


def operation_value(cx: Context, call: Call) -> str:
    """The value of an operation of `tvmlab.ir.operation` in the lanes of this chunk."""
    lanes = cx.lanes(call)
    native = _NATIVE.get(call.function)
    middle = 1 + (len(call.args) - 1) // 2
    groups = (call.args[1:middle], call.args[middle:])
    if native is not None and all(_is_group(cx, g) for g in groups):
        if _offers(cx, native, lanes):
            return _printed(cx, native, call, lanes)
        if is_from_words(cx, call.function, lanes):
            return _from_words(cx, call, lanes)
    meaning = spelled(call)
    assert meaning is not None, f"{call.function} is an operation"
    return evaluate(cx, meaning, lanes)


def _offers(cx: Context, native: _Native, lanes: int) -> bool:
    """Whether the machine has the instruction at this width."""
    bits = lanes * GROUP_BITS
    if bits not in (128, 256, 512):
        return False
    choices = native.wide if bits == 512 else native.narrow
    return any(sets <= set(cx.machine.instruction_sets) for sets in choices)


def _from_words(cx: Context, call: Call, lanes: int) -> str:
    """The value by instructions for halves and quarters of the words that the groups are."""
    total = evaluate(cx, call.args[0], lanes)
    middle = 1 + (len(call.args) - 1) // 2
    words = tuple(_loaded(cx, g, lanes) for g in (call.args[1:middle], call.args[middle:]))
    dot = dot_of_bytes if call.function == "dot4_u8s8" else dot_of_bfloat16
    return dot(cx, total, (words[0], words[1]), lanes)


def _printed(cx: Context, native: _Native, call: Call, lanes: int) -> str:
    """The call of the instruction."""
    middle = 1 + (len(call.args) - 1) // 2
    bits = lanes * GROUP_BITS
    width = 8 if native.element == "i8" else 16
    operand = f"<{bits // width} x {native.element}>"
    result = value_type(call.dtype, lanes)
    typed = [(result, evaluate(cx, call.args[0], lanes))]
    for group in (call.args[1:middle], call.args[middle:]):
        words = _loaded(cx, group, lanes)
        cast = f"bitcast {value_type('int32', lanes)} {words} to {operand}"
        typed.append((operand, cx.text.pure(cast, (words,))))
    return cx.text.call(result, f"{native.intrinsic}.{bits}", tuple(typed))


def _is_group(cx: Context, elements: Sequence[Expr]) -> bool:
    """Whether elements of memory stand side by side, in one group or in one for each lane."""
    loads = [e for e in elements if isinstance(e, Load) and e.buffer.scope != "register"]
    if len(loads) < len(elements) or any(e.buffer is not loads[0].buffer for e in loads):
        return False
    places = [linear_index(cx, e.buffer, e.indices) for e in loads]
    first = places[0]
    stride = 0 if loads[0].lanes == 1 else len(loads)
    if any(not p.is_even or p.stride != stride or not _is_alike(p, first) for p in places):
        return False
    if any(p.constant != first.constant + n for n, p in enumerate(places)):
        return False
    exist = stride == 0 or cx.chunk.active == cx.chunk.lanes
    return exist and (cx.mask == "true" or all(p.inside for p in places))


def _is_alike(a: LinearIndex, b: LinearIndex) -> bool:
    """Whether two places differ by a constant."""
    return len(a.terms) == len(b.terms) and all(
        c == d and (x is y or same(x, y))
        for (x, c, _), (y, d, _) in zip(a.terms, b.terms, strict=True)
    )


def _loaded(cx: Context, elements: Sequence[Expr], lanes: int) -> str:
    """The groups, as one 32-bit integer in each lane."""
    first = elements[0]
    assert isinstance(first, Load)
    kind = value_type("int32", lanes if first.lanes > 1 else 1)
    at = address(cx, first.buffer, first.indices)
    pointer = pointer_to(cx, first.buffer, at)
    alignment = max(at.alignment, dtypes.size_bytes(first.dtype))
    text = f"load {kind}, ptr {pointer}, align {alignment}"
    words = cx.text.load(text, (pointer,), first.buffer)
    return words if first.lanes > 1 else spread(cx, words, "int32", lanes)
