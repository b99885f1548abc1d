"""Instructions of machines, declared as small programs.

A declaration says what an instruction computes, and how its loops are best written out on a
machine that has to spell it in simpler ones. Schedules refer to instructions by name; whoever
declares one puts it in `INSTRUCTIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.errors import UsageError
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.walk import blocks_with_loops


@dataclass(frozen=True)
class Instruction:
    """An instruction that updates a tile of results from tiles of operands.

    Attributes:
        name: as a schedule says it.
        update: the name printed where it is executed.
        start: the name printed where it initialises its results; empty if it has no init.
        program: what it does: one block in a loop nest of known extents.
        order: the loops as they are best written out, outermost first: (name, kind).
    """

    name: str
    update: str
    start: str
    program: Program
    order: tuple[tuple[str, str], ...]

    @property
    def block(self) -> Block:
        """The block of the program."""
        return next(blocks_with_loops(self.program.body))[0]

    @property
    def loops(self) -> tuple[For, ...]:
        """The loops of the program, outermost first."""
        return next(blocks_with_loops(self.program.body))[1]


INSTRUCTIONS: dict[str, Instruction] = {}


def declare(instruction: Instruction) -> Instruction:
    """Make an instruction known by its name.

    Raises:
        UsageError: another one has that name.
    """
    if instruction.name in INSTRUCTIONS:
        raise UsageError(
            f"there is an instruction {instruction.name!r} already; declare it under another name."
        )
    INSTRUCTIONS[instruction.name] = instruction
    return instruction
