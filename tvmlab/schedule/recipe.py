"""Recipes: steps that are a named sequence of other steps."""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.errors import Refusal, ScheduleError
from tvmlab.ir.program import Program
from tvmlab.schedule.step import Step


@dataclass(frozen=True)
class Recipe(Step):
    """A step whose effect is that of `expand`: legal where each of those steps is in turn."""

    def expand(self, program: Program) -> list[Step]:
        """The steps in order, each meant for the program that the earlier ones leave."""
        raise TypeError(f"{type(self).__name__} does not say its steps")

    def require(self, program: Program) -> None:
        """Every expanded step is legal in turn; the first refusal is the recipe's."""
        for step in self.expand(program):
            refusal = step.check(program)
            if refusal is not None:
                raise ScheduleError(
                    Refusal(
                        str(self), refusal.where, f"its {step.name}: {refusal.why}", refusal.instead
                    )
                )
            program = step.apply(program)

    def apply(self, program: Program) -> Program:
        """The expanded steps applied in order."""
        for step in self.expand(program):
            program = step.apply(program)
        return program
