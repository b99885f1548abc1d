"""Tensorization: the innermost loops of a fold become an instruction that does what they do.

Every instruction declared is tried, a hardware's and a user's own alike: its axes stand for loops
of the block, in any way that divides them and that the step tensorize accepts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import prod
from typing import Any, cast

from tvmlab.errors import ScheduleError
from tvmlab.ir.instruction import INSTRUCTIONS, Instruction
from tvmlab.ops.choices import powers
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, extents_of, loop_names
from tvmlab.ops.reading import loads
from tvmlab.ops.stage_part import StagePart
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.te import Tensor
from tvmlab.tune.sketches.partial import Partial, Places

ROWS = (1, 2, 4, 6, 8, 12, 16)
"""Rows of instructions that are written out side by side."""

ACROSS = (1, 2, 3, 4)
"""Instructions side by side along the last loop."""


class Tensorize:
    """Execute the innermost loops of a fold as an instruction."""

    name = "tensorize"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether an instruction does what its loops do."""
        return bool(self._parts(partial, block))

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """By each instruction that fits; and without."""
        return [*(partial.decide(part, block) for part in self._parts(partial, block)), partial]

    @staticmethod
    def _parts(partial: Partial, block: str) -> list[Instructed]:
        stage = partial.stage(block)
        # What is inlined, followed or copied is not the computation that was declared.
        if not stage.reduce_axes or len(stage.results) > 1 or partial.inlined:
            return []
        made = []
        for instruction in INSTRUCTIONS.values():
            if instruction.collective:
                continue  # those of warps, whose tiles lie in registers that no CPU has
            for axes in _assignments(stage, instruction):
                part = Instructed(stage, block, partial.vectors, instruction.name, axes)
                schedule = create_schedule(partial.outputs)
                try:
                    part.apply(schedule, part.default(), {})
                except ScheduleError:
                    continue
                made.append(part)
                break
        return made


def _assignments(stage: Tensor, instruction: Instruction) -> Iterator[tuple[str, ...]]:
    """Loops of the stage that may stand for those of the instruction, in its order."""
    names = loop_names(stage)
    rank, extents = len(stage.axes), extents_of(stage)
    result, *operands = instruction.operands
    read = {load.buffer.dtype for load in loads(stage)}
    if stage.dtype != result.dtype or not read <= {operand.dtype for operand in operands}:
        return
    wanted = [(it.is_reduce, cast(int, it.extent)) for it in instruction.block.iters]
    for chosen in permutations(names, len(wanted)):
        if all(
            (name in names[rank:]) == is_reduce and extents[name] % size == 0
            for name, (is_reduce, size) in zip(chosen, wanted, strict=True)
        ):
            yield chosen


@dataclass(frozen=True)
class Instructed(StagePart):
    """A fold by an instruction.

    Attributes:
        vectors: the registers to plan for.
        instruction: its name.
        axes: the loops that stand for the instruction's, in its order.
    """

    vectors: VectorUnit
    instruction: str
    axes: tuple[str, ...]

    @property
    def word(self) -> str:
        """`tensorize(C, dot4_u8s8)`."""
        return f"tensorize({self.block}, {self.instruction})"

    @property
    def _sizes(self) -> dict[str, int]:
        """The iterations of the instruction's loops, by the names of the stage's."""
        iters = INSTRUCTIONS[self.instruction].block.iters
        return {name: cast(int, it.extent) for name, it in zip(self.axes, iters, strict=True)}

    @property
    def _rows(self) -> str | None:
        """The loop whose iterations stand side by side, each with an instruction of its own."""
        extents = extents_of(self.stage)
        return next((n for n in self.spatial if n not in self.axes and extents[n] > 1), None)

    @property
    def _last(self) -> str:
        """The innermost spatial loop of the instruction."""
        return next(name for name in reversed(self.axes) if name in self.spatial)

    def knobs(self) -> Sequence[Knob]:
        """Rows, and instructions beside each other; rows of a block; the loops shared out."""
        extents, sizes = extents_of(self.stage), self._sizes
        left = extents[self._last] // sizes[self._last]
        across = [n for n in ACROSS if left % n == 0]
        rows = [r for r in ROWS if self._rows is not None and r <= extents[self._rows]] or [1]
        tile = prod(size for name, size in sizes.items() if name in self.spatial)
        each = self.vectors.vectors(tile, self.size_bytes)
        fit = [(r, n) for r in rows for n in across if self.vectors.holds(r, n * each)]
        found = [ChoiceKnob(f"{self.block}.tile", tuple(fit) or ((1, 1),))]
        if self._rows is not None:
            found.append(ChoiceKnob(f"{self.block}.rows", powers(16, extents[self._rows])))
        return found

    def default(self) -> dict[str, Option]:
        """The largest tile, and all rows in a block."""
        chosen: dict[str, Option] = {}
        for knob in self.knobs():
            options: Any = knob.options
            is_tile = knob.name.endswith(".tile")
            chosen[knob.name] = max(options, key=prod) if is_tile else options[-1]
        return chosen

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """Tasks, blocks of rows, steps of the fold, rows and columns of instructions."""
        rows, across = config[f"{self.block}.tile"]
        extents, sizes = extents_of(self.stage), self._sizes
        cuts: dict[str, Sequence[int]] = {name: (size,) for name, size in sizes.items()}
        cuts[self._last] = (across, sizes[self._last])
        walk: list[Part] = []
        unrolled: list[Part] = [(self._last, 1)]
        if self._rows is not None:
            block = config[f"{self.block}.rows"]
            cuts[self._rows] = (max(1, block // rows), rows)
            walk, unrolled = [(self._rows, 1)], [(self._rows, 2), (self._last, 1)]
        inside: list[Part] = [(n, 2 if n == self._last else 1) for n in self.axes]
        loops = Nest(
            extents=extents,
            cuts=cuts,
            order=[
                *((name, 0) for name in self.spatial),
                *walk,
                *((name, 0) for name in self.folded),
                *unrolled,
                *inside,
            ],
            parallel=len(self.spatial),
            unrolled=unrolled,
        ).apply(schedule[self.block])
        own = [loops.get(part) for part in inside]
        first = next(name for name in own if name is not None)
        outer = [loops[name, 0] for name in self.spatial if (name, 0) in loops]
        if outer:
            places[self.block] = outer[0]
        schedule[self.block].tensorize(first, self.instruction)
