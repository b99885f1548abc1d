"""A loop nest as a goal: its headers as text, and the steps that reach it or the reason why not.

    for yo in parallel(32): for xo in range(32): for k in range(1024):
        for yi in unrolled(32): for xi in vectorized(32)

Loops are told by their names. `y` is the block's loop y; `yo, yi`, `y0, y1, y2` and `y_a, y_b` are
parts of it: by `o` and `i` or by number outermost first, else in the order in which they are
written. `yx` or `yoxo` are loops or parts fused. Numbers of iterations must agree: the outermost
part of a loop takes what the other parts leave, rounded up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from tvmlab.errors import Refusal, ScheduleError
from tvmlab.ir.printer import LOOP_WORDS
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import find_site, sites
from tvmlab.schedule.primitives import Fuse, Parallel, Reorder, Split, TreeReduce, Unroll, Vectorize
from tvmlab.schedule.step import Step

HEADER = re.compile(r"\s*for\s+(\w+)\s+in\s+(\w+)\s*\(\s*(\d+)\s*\)\s*(?::|(?=\s|$))")
SUFFIX = re.compile(r"_?(?:[oi]+|\d+)")
KINDS = {word: kind for kind, word in LOOP_WORDS.items()}
ANNOTATING: dict[str, type[Vectorize] | type[TreeReduce] | type[Unroll] | type[Parallel]] = {
    "vectorized": Vectorize,
    "tree": TreeReduce,
    "unrolled": Unroll,
    "parallel": Parallel,
}
"""The step that makes a loop of each kind, in the order in which they are taken."""


@dataclass
class Part:
    """One of the loops that a loop of the block is cut into; `extent` None: not known yet.

    Attributes:
        loop: the name of the block's loop.
        suffix: what stands after it in the goal.
        name: the loop's name while steps are collected.
    """

    loop: str
    suffix: str
    extent: int | None = None
    name: str = ""


@dataclass
class Goal:
    """One loop of the goal, made of one part or of several fused."""

    name: str
    kind: str
    extent: int
    parts: list[Part]


def nest_steps(program: Program, block: str, text: str) -> tuple[list[Step], list[str]]:
    """The steps that give `block` the loops of `text`, and the names those then have.

    Raises:
        ScheduleError: the text is no nest, its loops are not those of the block, or a step that
            it would take is illegal; the refusal says which.
    """
    return _Plan(program, block, text).run()


class _Plan:
    """Steps collected, and the program after them."""

    def __init__(self, program: Program, block: str, text: str) -> None:
        self.program = program
        self.block = block
        self.text = " ".join(text.split())
        self.steps: list[Step] = []
        site = find_site(program, block)
        if site is None:
            known = ", ".join(s.block.name for s in sites(program))
            raise self.refuse("", f"there is no block {block!r}", f"there are {known}")
        self.loops = {loop.var.name: loop for loop in site.loops}

    def refuse(self, where: str, why: str, instead: str) -> ScheduleError:
        """The error that says why the nest is out of reach."""
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        place = f"block {self.block}" + (f", loop {where}" if where else "")
        return ScheduleError(Refusal(f's["{self.block}"].to_nest("{shown}")', place, why, instead))

    def run(self) -> tuple[list[Step], list[str]]:
        """The steps in order: split, reorder, fuse, annotate; and the loops' names at the end."""
        goals = self.goals()
        self.settle_extents(goals)
        for name in self.loops:
            self.split(self.parts_of(name, goals))
        self.reorder([part.name for goal in goals for part in goal.parts])
        names = [self.fuse([part.name for part in goal.parts]) for goal in goals]
        for kind, step in ANNOTATING.items():
            for goal, name in zip(goals, names, strict=True):
                if goal.kind == kind and not self.is_annotated(goal):
                    self.take(step(self.block, name))
        return self.steps, names

    # The text

    def goals(self) -> list[Goal]:
        """The loops that the text asks for, each with the parts its name stands for."""
        goals: list[Goal] = []
        end = 0
        while self.text[end:].strip():
            match = HEADER.match(self.text, end)
            if match is None:
                rest = self.text[end:].strip()[:40]
                raise self.refuse(
                    "",
                    f"{rest!r} is no loop header",
                    "write headers only, such as for yo in parallel(32): for k in range(8)",
                )
            name, word, extent = match.groups()
            end = match.end()
            goals.append(Goal(name, self.kind(name, word), int(extent), self.origin(name)))
        names = [goal.name for goal in goals]
        if not names:
            raise self.refuse("", "the text has no loop", "write for yo in range(32): ...")
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice is not None:
            raise self.refuse(twice, f"{twice} stands in the nest twice", "name each loop once")
        for name in self.loops:
            if not self.parts_of(name, goals):
                header = f"for {name} in range({self.loops[name].extent})"
                raise self.refuse(
                    name, f"loop {name} of the block has no place in the nest", f"add {header}"
                )
        return goals

    def kind(self, name: str, word: str) -> str:
        """The kind of loop that a word such as `parallel` asks for."""
        kind = KINDS.get(word)
        if kind != "serial" and kind not in ANNOTATING:
            known = ", ".join(LOOP_WORDS[k] for k in ("serial", *ANNOTATING))
            raise self.refuse(name, f"no step makes a loop {word!r} here", f"use one of {known}")
        return str(kind)

    def origin(self, name: str) -> list[Part]:
        """The loop, the part of a loop, or the several of them fused that `name` stands for."""
        if name in self.loops:
            return [Part(name, "")]
        reading = _reading(name, list(self.loops))
        if reading:
            return reading
        stems = [loop for loop in self.loops if name.startswith(loop)]
        if stems:
            stem = max(stems, key=len)
            return [Part(stem, name[len(stem) :])]
        known = ", ".join(self.loops)
        example = next(iter(self.loops), "y")
        raise self.refuse(
            name,
            f"the name {name} begins like none of the block's loops {known}",
            f"name parts after their loop: {example}o, {example}i",
        )

    def parts_of(self, loop: str, goals: Sequence[Goal]) -> list[Part]:
        """The parts of one of the block's loops, outermost first."""
        parts = [part for goal in goals for part in goal.parts if part.loop == loop]
        if all(not p.suffix or SUFFIX.fullmatch(p.suffix) for p in parts):
            parts.sort(key=lambda p: _rank(p.suffix))
        return parts

    # The iterations

    def settle_extents(self, goals: Sequence[Goal]) -> None:
        """Every part's extent, from the goal's and the block's; refuse where they disagree."""
        for goal in goals:
            if len(goal.parts) == 1:
                goal.parts[0].extent = goal.extent
        for name, loop in self.loops.items():
            self.settle(loop, self.parts_of(name, goals))
            if loop.kind != "serial" and name not in {g.name for g in goals if g.kind == loop.kind}:
                raise self.refuse(
                    name,
                    f"the loop is already {loop.kind}, and stays so",
                    f"write for {name} in {LOOP_WORDS[loop.kind]}({loop.extent})",
                )
        for goal in goals:
            extents = [part.extent or 0 for part in goal.parts]
            if prod(extents) != goal.extent:
                product = " x ".join(map(str, extents))
                raise self.refuse(
                    goal.name,
                    f"the loops fused have {product} iterations, not {goal.extent}",
                    f"write {prod(extents)}",
                )

    def settle(self, loop: For, parts: Sequence[Part]) -> None:
        """The extents of the parts of one loop."""
        name, total = loop.var.name, loop.extent
        if not isinstance(total, int):
            raise self.refuse(name, "its extent is not a number", "write the steps one by one")
        unknown = [part for part in parts if part.extent is None]
        if len(unknown) > 1:
            raise self.refuse(
                name,
                f"{len(unknown)} parts of {name} are fused, so their iterations cannot be told",
                "leave one of them by itself",
            )
        if any(part.extent == 0 for part in parts):
            raise self.refuse(name, "a loop of no iterations does nothing", "write at least 1")
        known = prod(part.extent for part in parts if part.extent is not None)
        for part in unknown:
            part.extent = -(-total // known)
        inner = prod(part.extent or 1 for part in parts[1:])
        outermost = parts[0]
        needed = -(-total // inner)
        if outermost.extent != needed:
            shown = " x ".join(str(part.extent) for part in parts)
            here = outermost.loop + outermost.suffix
            raise self.refuse(
                name,
                f"{name} has {total} iterations, and the nest gives it {shown}",
                f"write {needed} for {here}",
            )

    # The steps

    def take(self, step: Step) -> list[str]:
        """Append a step that must be legal; the names of the loops it makes."""
        refusal = step.check(self.program)
        if refusal is not None:
            raise self.refuse(
                refusal.where.partition(", loop ")[2],
                f"its {step.name}: {refusal.why}",
                refusal.instead,
            )
        names = step.results(self.program)
        self.steps.append(step)
        self.program = step.apply(self.program)
        return names

    def split(self, parts: Sequence[Part]) -> None:
        """Cut one loop into its parts, and name them."""
        names = [parts[0].loop]
        if len(parts) > 1:
            factors = (None, *[part.extent for part in parts[1:]])
            names = self.take(Split(self.block, parts[0].loop, factors))
        for part, name in zip(parts, names, strict=True):
            part.name = name

    def reorder(self, wanted: list[str]) -> None:
        """Bring the loops into order; those that are in place at either end stay out of it."""
        site = find_site(self.program, self.block)
        assert site is not None
        wrong = [n for n, (a, b) in enumerate(zip(site.names(), wanted, strict=True)) if a != b]
        if wrong:
            self.take(Reorder(self.block, tuple(wanted[wrong[0] : wrong[-1] + 1])))

    def fuse(self, names: list[str]) -> str:
        """One loop of several."""
        return names[0] if len(names) == 1 else self.take(Fuse(self.block, tuple(names)))[0]

    def is_annotated(self, goal: Goal) -> bool:
        """Whether the loop of a goal was of the goal's kind before."""
        loop = self.loops[goal.parts[0].loop]
        is_whole = len(goal.parts) == 1 and goal.parts[0].name == loop.var.name
        return is_whole and loop.kind == goal.kind


def _reading(name: str, loops: Sequence[str]) -> list[Part]:
    """`name` as the fewest loops, each with a suffix such as `o`, `io`, `2` or none; else empty."""
    best: dict[int, list[Part]] = {len(name): []}
    for start in reversed(range(len(name))):
        for loop in loops:
            if not name.startswith(loop, start):
                continue
            first = start + len(loop)
            longest = SUFFIX.match(name, first)
            for end in range(longest.end() if longest else first, first - 1, -1):
                suffix = name[first:end]
                if end not in best or (suffix and not SUFFIX.fullmatch(suffix)):
                    continue
                if start not in best or len(best[end]) + 1 < len(best[start]):
                    best[start] = [Part(loop, suffix), *best[end]]
    return best.get(0, [])


def _rank(suffix: str) -> tuple[int, ...]:
    """Where a part stands by its suffix: `o` before `i`, numbers by size, none first."""
    plain = suffix.removeprefix("_")
    return (int(plain),) if plain.isdigit() else tuple([int(c == "i") for c in plain])
