"""Assembly as what it is made of: instructions, and the loops they stand in.

Reads the x86-64 text that LLVM prints in AT&T syntax (System V ABI; Intel 64 manual, volume 2):
sources first, the destination last, memory as `offset(base,index,scale)`, masks and broadcasts in
braces. Nothing else is read: the text of another architecture has no instruction here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

LinkedLine = tuple[str, int]
"""A line of code, and the line of the program it comes from; 0: none in particular."""

_LABEL = re.compile(r"^([.\w$]+):")
_INSTRUCTION = re.compile(r"^\t(?!\.)(?:(?:lock|rep|repne)\s+)?([a-z]\w*)(?:\s+(.*))?$")
_COMMA = re.compile(r",\s*(?![^({]*[)}])")
_VECTOR = re.compile(r"%([xyz])mm(\d+)")
_SLOT = re.compile(r"-?\d*\((%r[sb]p)\)")
BITS = {"x": 128, "y": 256, "z": 512}
"""Of a vector register, by the letter of its name."""


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        name: its mnemonic, e.g. `vfmadd231ps`.
        operands: as written, the destination last.
        origin: the line of the program that it comes from; 0: none in particular.
        has_frame: whether its function keeps a pointer to its frame in %rbp.
    """

    name: str
    operands: tuple[str, ...]
    origin: int
    has_frame: bool = False

    @cached_property
    def destination(self) -> str:
        """The last operand, or nothing."""
        return self.operands[-1] if self.operands else ""

    @cached_property
    def memory(self) -> str:
        """The operand in memory, or nothing; an address that is only computed is none."""
        if self.name.startswith(("lea", "prefetch", "nop", "j", "call")):
            return ""
        return next((o for o in self.operands if "(" in o), "")

    @property
    def is_load(self) -> bool:
        """Whether it reads memory."""
        if not self.memory:
            return False
        if self.memory != self.destination or len(self.operands) == 1:
            return not self.name.startswith("set")
        return not self.is_move  # `addq $1, (%rax)` reads and writes

    @property
    def is_store(self) -> bool:
        """Whether it writes memory."""
        if not self.memory or self.memory != self.destination:
            return False
        return not re.match(r"v?p?(cmp|test|comis|ucomis|mul|imul|div|idiv)", self.name)

    @property
    def is_move(self) -> bool:
        """Whether it takes values from one place to another, rounded or not."""
        return bool(
            re.match(r"v?(mov|pmov|extract|pextr|cvt|pscatter|scatter|compress)", self.name)
        )

    @property
    def is_slot(self) -> bool:
        """Whether its memory is a fixed place on the stack, where values that lack a register go.

        An array on the stack is reached through an index.
        """
        found = _SLOT.fullmatch(self.memory)
        return found is not None and (found[1] == "%rsp" or self.has_frame)

    @cached_property
    def vector_bits(self) -> int:
        """The width of the widest vector register it names; 0: none."""
        return max((BITS[kind] for o in self.operands for kind, _ in _VECTOR.findall(o)), default=0)

    @property
    def written(self) -> str:
        """The number of the vector register it writes; empty where it writes none."""
        found = _VECTOR.match(self.destination)
        return found[2] if found and not self.name.startswith(_ONLY_COMPARES) else ""

    @property
    def read(self) -> set[str]:
        """The numbers of the vector registers it reads."""
        sources = {n for o in self.operands[:-1] for _, n in _VECTOR.findall(o)}
        is_merged = "{%k" in self.destination and "{z}" not in self.destination
        if self.written and (is_merged or self.name.startswith(_READ_WHAT_THEY_WRITE)):
            sources.add(self.written)
        return sources


_ONLY_COMPARES = ("comis", "ucomis", "vcomis", "vucomis", "vptest", "vtestp", "ptest")
_READ_WHAT_THEY_WRITE = ("vfm", "vfnm", "vpdp", "vdpbf16", "vpmadd52", "vpermi2", "vpermt2")


@dataclass(frozen=True)
class Loop:
    """An innermost loop: no other loop stands in it.

    Attributes:
        body: its instructions, from the first of a step to the jump back.
    """

    body: tuple[Instruction, ...]

    @property
    def latch(self) -> int:
        """The program's line that the jump back comes from; 0: none in particular."""
        return next((i.origin for i in reversed(self.body) if i.origin), 0)


def innermost_loops(lines: Sequence[LinkedLine]) -> list[Loop]:
    """The innermost loops of a text, in its order.

    A loop is what stands between a label and the last jump back to it. LLVM sometimes moves a rare
    part of a loop elsewhere; that part is not seen.
    """
    found: list[Loop] = []
    for function in _functions(lines):
        found += _loops_of(function)
    return found


def _functions(lines: Sequence[LinkedLine]) -> Iterator[list[Instruction | str]]:
    """Each function as instructions and, between them, labels by name."""
    items: list[Instruction | str] = []
    has_frame = False
    for text, origin in lines:
        if text.startswith((".Lfunc_end", "\t.size")):
            yield items
            items, has_frame = [], False
        elif label := _LABEL.match(text):
            items.append(label[1])
        elif instruction := _INSTRUCTION.match(text.partition("#")[0].rstrip()):
            name, operands = instruction[1], instruction[2] or ""
            parts = tuple(o.strip() for o in _COMMA.split(operands)) if operands else ()
            has_frame |= (name, parts) == ("movq", ("%rsp", "%rbp"))
            items.append(Instruction(name, parts, origin, has_frame))
    yield items


def _loops_of(items: Sequence[Instruction | str]) -> Iterator[Loop]:
    """The innermost loops of one function."""
    place = {item: n for n, item in enumerate(items) if isinstance(item, str)}
    ends: dict[int, int] = {}
    for n, item in enumerate(items):
        if isinstance(item, Instruction) and item.name.startswith("j"):
            target = place.get(item.destination, len(items))
            if target <= n:
                ends[target] = n
    for start, end in ends.items():
        if not any(start < s and e <= end for s, e in ends.items()):
            body = tuple(i for i in items[start : end + 1] if isinstance(i, Instruction))
            yield Loop(body)
