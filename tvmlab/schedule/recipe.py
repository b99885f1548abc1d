"""Recipes: steps that are a named sequence of other steps.

Those of the library are computed from their arguments (`tvmlab.schedule.recipes`); those of users
are recorded while a function makes them (`Schedule.record`), and hold what it made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tvmlab.errors import Refusal, ScheduleError, UsageError
from tvmlab.ir.program import Program
from tvmlab.schedule.step import Json, Step


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


@dataclass(frozen=True)
class RecordedRecipe(Recipe):
    """The steps that a user's function made, under its name: one step of the trace.

    Its JSON is `{"step": "recipe", "name": ..., "steps": [...]}`, and its Python
    `s.recipe("name", 'step; step')`. It names no loops on the left: the steps inside do.

    Attributes:
        title: the name.
        steps: the steps, at least one.
    """

    title: str
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, title: str, steps: Sequence[Step]) -> RecordedRecipe:
        """The recipe of these steps, filed under the block of the first.

        Raises:
            UsageError: the name is not a line of text.
        """
        if not isinstance(title, str) or not title.strip() or not title.isprintable():
            raise UsageError(f"a recipe was given the name {title!r}; give it a line of text.")
        return cls(steps[0].block, title, tuple(steps))

    @property
    def name(self) -> str:  # type: ignore[override]  # of the instance, not of the class
        """The recipe's own name."""
        return self.title

    def expand(self, program: Program) -> list[Step]:
        """The steps recorded."""
        return list(self.steps)

    def __str__(self) -> str:
        title = json.dumps(self.title, ensure_ascii=False)
        lines = "; ".join(map(str, self.steps))
        return f"s.recipe({title}, {lines!r})"

    def to_json(self) -> Json:
        """Name and steps as plain data."""
        return {
            "step": "recipe",
            "name": self.title,
            "steps": [step.to_json() for step in self.steps],
        }
