"""What one step of an innermost loop does, counted in its instructions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from tvmlab.targets.cpu.assembly import Instruction, Loop

_FLOATS = r"(?:add|sub|mul|div|sqrt|max|min|rsqrt14|rcp14|fn?m\w+?)"
_PACKED = re.compile(
    rf"v?{_FLOATS}p[sdh]$|v?p(?:add|sub|mul|madd|min|max|avg|abs|sra|srl|sll)\w*$|vpdp\w+|vdpbf16ps"
)
_SUMMED = re.compile(rf"v?{_FLOATS}p[sdh]$|vpdp\w+|vdpbf16ps")
_SCALAR = re.compile(rf"v?{_FLOATS}s[sdh]$")
_MULTIPLY_ADD = re.compile(r"vfn?m(?:add|sub)\w*p[sdh]$|vpdp\w+|vdpbf16ps")
_BY_LANE = re.compile("gather|scatter")
_ELEMENT = re.compile(r"v?(?:pinsr|insertps|pextr|extractps)")


@dataclass(frozen=True)
class LoopFacts:
    """One step of an innermost loop.

    Attributes:
        instructions: all of them.
        vector_bits: the widest vector that arithmetic is done in; of moves, where there is none.
        arithmetic: on vectors; a multiply-add is one.
        multiply_adds: of these, fused multiply-adds and products of narrow numbers that are summed.
        scalar_arithmetic: on single floats.
        loads, stores: of data, side by side; those of the stack left out.
        spilled, reloaded: vectors stored to the stack, and loaded from it.
        addresses_reloaded: loads of other registers from the stack.
        gathers, scatters: instructions that access an address for each lane.
        single_elements: moves that put one lane in or take one out.
        divisions: of integers.
        calls: names of the functions called.
        accumulators: vector registers whose floats, or sums of narrow products, a step changes by
            arithmetic and hands to the next.
        chain: the most instructions in a row that change one of them.
    """

    instructions: int
    vector_bits: int
    arithmetic: int
    multiply_adds: int
    scalar_arithmetic: int
    loads: int
    stores: int
    spilled: int
    reloaded: int
    addresses_reloaded: int
    gathers: int
    scatters: int
    single_elements: int
    divisions: int
    calls: tuple[str, ...]
    accumulators: int
    chain: int

    @property
    def is_vector(self) -> bool:
        """Whether it calculates with vectors."""
        return self.arithmetic > 0


def loop_facts(loop: Loop) -> LoopFacts:
    """What a step of `loop` does."""
    body = loop.body
    packed = [i for i in body if _PACKED.match(i.name)]
    moved = [i for i in body if i.name.startswith(("vmov", "mov"))]
    data = [i for i in body if i.memory and not i.is_slot and not _BY_LANE.search(i.name)]
    stack = [i for i in body if i.memory and i.is_slot]
    carried = _carried(body)
    return LoopFacts(
        instructions=len(body),
        vector_bits=max((i.vector_bits for i in packed), default=0)
        or max((i.vector_bits for i in moved if not i.name.endswith(("ss", "sd"))), default=0),
        arithmetic=len(packed),
        multiply_adds=sum(bool(_MULTIPLY_ADD.match(i.name)) for i in body),
        scalar_arithmetic=sum(bool(_SCALAR.match(i.name)) for i in body),
        loads=sum(i.is_load for i in data),
        stores=sum(i.is_store for i in data),
        spilled=sum(i.is_store and i.vector_bits > 0 for i in stack),
        reloaded=sum(i.is_load and i.vector_bits > 0 for i in stack),
        addresses_reloaded=sum(i.is_load and i.vector_bits == 0 for i in stack),
        gathers=sum("gather" in i.name for i in body),
        scatters=sum("scatter" in i.name for i in body),
        single_elements=sum(bool(_ELEMENT.match(i.name)) for i in body),
        divisions=sum(bool(re.match(r"i?div[bwlq]?$", i.name)) for i in body),
        calls=tuple(i.destination.partition("@")[0] for i in body if i.name.startswith("call")),
        accumulators=len(carried),
        chain=max(carried.values(), default=0),
    )


def _carried(body: tuple[Instruction, ...]) -> dict[str, int]:
    """Vector registers that are read before they are written -> how often arithmetic changes them.

    Those that only moves write hold data fetched ahead, and integers may be indices: both are none.
    """
    first_written: set[str] = set()
    first_read: set[str] = set()
    changes: Counter[str] = Counter()
    for instruction in body:
        first_read |= instruction.read - first_written
        written = instruction.written
        if written:
            if written not in first_read:
                first_written.add(written)
            elif written in instruction.read and _SUMMED.match(instruction.name):
                changes[written] += 1
    return {register: count for register, count in changes.items() if register in first_read}
