"""What machine code became of each loop of a program, in words.

The innermost loops of the assembly are read, counted and led back to the program by the marks that
its lines carry; for each there is a sentence of figures and one for everything that is slow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tvmlab.ir.printed import Printed
from tvmlab.targets.cpu.assembly import LinkedLine, Loop, innermost_loops
from tvmlab.targets.cpu.limits import CpuFeatures
from tvmlab.targets.cpu.loop_facts import LoopFacts, loop_facts
from tvmlab.targets.cpu.loop_remarks import Surroundings, remarks
from tvmlab.targets.cpu.printed_nests import Nest, Nests, nests

UNREAD = "Only the assembly of x86-64 is read; nothing is said of other processors' code."
STRAIGHT = "The code has no loop."
LEAST_SHARE = 0.02
"""Of the instructions executed: loops below it are left out."""


@dataclass(frozen=True)
class LoopReport:
    """One innermost loop of the machine code.

    Attributes:
        line: of the printed program, 1-based; 0 where the code does not tell.
        place: the loop and its block in words.
        facts: what one step does.
        copies: loops of the code that come from that line; the one that does most is counted.
        remarks: what is slow and what would do better, a sentence each.
    """

    line: int
    place: str
    facts: LoopFacts
    copies: int
    remarks: tuple[str, ...]

    @property
    def words(self) -> str:
        """What one step does, in figures."""
        return facts_in_words(self.facts)

    def __str__(self) -> str:
        others = f" (the largest of {self.copies} such loops)" if self.copies > 1 else ""
        head = f"{self.place}: {self.words}{others}."
        return "\n".join([head, *(f"  slow: {remark}" for remark in self.remarks)])


@dataclass(frozen=True)
class CodeReport:
    """The innermost loops of a program's machine code, those that do most first.

    Attributes:
        loops: their reports.
        note: why there are none, in a sentence; else empty.
    """

    loops: tuple[LoopReport, ...]
    note: str = ""

    def __str__(self) -> str:
        return self.note or "\n".join(map(str, self.loops))


def code_report(
    printed: Printed, lines: Sequence[LinkedLine], features: CpuFeatures, is_x86: bool
) -> CodeReport:
    """The report of assembly `lines` that were made of the program `printed`."""
    if not is_x86:
        return CodeReport((), UNREAD)
    places = nests(printed)
    by_line: dict[int, list[Loop]] = {}
    for loop in innermost_loops(lines):
        by_line.setdefault(_line(loop, places), []).append(loop)
    weighed = []
    for line, loops in by_line.items():
        *rest, main = sorted(loops, key=lambda loop: (loop_facts(loop).is_vector, len(loop.body)))
        weight = len(main.body) * (places[line].steps if line else 1)
        weighed.append((weight, _report(line, main, rest, places, features)))
    weighed.sort(key=lambda pair: -pair[0])
    kept = tuple(report for w, report in weighed if w >= LEAST_SHARE * weighed[0][0])
    return CodeReport(kept, "" if kept else STRAIGHT)


def _line(loop: Loop, places: Nests) -> int:
    """The line of the program that a loop of the code stands for; 0 where no mark tells.

    The jump back comes from a loop's header; where its mark got lost, the header that most
    instructions come from does as well, or the block.
    """
    origins = [n for n, _ in Counter(i.origin for i in loop.body).most_common() if n in places]
    headers = [n for n in (loop.latch, *origins) if n in places and places[n].block is None]
    return next(iter(headers + origins), 0)


def _report(
    line: int, loop: Loop, rest: Sequence[Loop], places: Nests, features: CpuFeatures
) -> LoopReport:
    """The report of the loop of the code that does most of a line's work; `rest` are others."""
    facts = loop_facts(loop)
    origins = [n for n, _ in Counter(i.origin for i in loop.body).most_common() if n in places]
    inside = [places[n] for n in origins if places[n].block is not None]
    blocks = [nest.block for nest in inside if nest.block is not None]
    own = places.get(line, Nest(()))
    around = Surroundings(
        inside[0].vectorized if inside else (),
        bool(blocks and own.loops) and own.is_inside_sum_of(blocks[0]),
        features.vector_bits,
        features.vector_registers,
        any(not other.is_vector and other.scalar_arithmetic for other in map(loop_facts, rest)),
    )
    names = list(dict.fromkeys(block.name for block in blocks))
    said = tuple(remarks(facts, around))
    return LoopReport(line, _place(line, own, names), facts, len(rest) + 1, said)


def _place(line: int, nest: Nest, blocks: Sequence[str]) -> str:
    """A loop and its blocks in words."""
    loop = f"loop {nest.loops[-1].var.name}" if nest.loops else "a loop"
    said = f" of block{'s' * (len(blocks) > 1)} {', '.join(blocks)}" if blocks else ""
    return f"line {line}, {loop}{said}" if line else f"{loop}{said}"


def facts_in_words(facts: LoopFacts) -> str:
    """E.g. `24 multiply-adds on 512-bit registers, 10 loads, no spills`."""
    on = f" on {facts.vector_bits}-bit registers"
    others = facts.arithmetic - facts.multiply_adds
    if facts.multiply_adds:
        more = f" and {_count(others, 'other operation')}" if others else ""
        parts = [_count(facts.multiply_adds, "multiply-add") + more + on]
    elif facts.arithmetic:
        parts = [_count(facts.arithmetic, "operation") + on]
    elif facts.scalar_arithmetic:
        parts = [_count(facts.scalar_arithmetic, "operation") + " on single numbers"]
    else:
        parts = ["moves" + (on if facts.vector_bits else " of single numbers")]
    counted = (
        ("load", facts.loads),
        ("store", facts.stores),
        ("gather", facts.gathers),
        ("scatter", facts.scatters),
        ("call", len(facts.calls)),
    )
    parts += [_count(number, word) for word, number in counted if number]
    spilled = facts.spilled + facts.reloaded
    parts.append(f"{spilled} spills and reloads" if spilled else "no spills")
    return ", ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
