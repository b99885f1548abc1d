"""What a kind of exercise is: what it asks for, and how an answer is judged.

To add one: its file in `kinds/`, its line in `kinds/__init__.py`, an exercise of it in
`exercises/`. Tests run over the list: solutions must pass, wrong answers must fail.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tvmlab.errors import UsageError
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.paper import Mark, Paper


class Kind(ABC):
    """A kind of exercise.

    Attributes:
        name: by which exercises name it.
        title: what a learner does, in a few words.
        goal: the fields of an exercise's table `goal`, with their types; all must be given.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    goal: ClassVar[Mapping[str, type]] = {}

    def settings(self, exercise: Exercise) -> Mapping[str, Sequence[str]]:
        """What is asked for beside schedules, by name, and what there is to choose from.

        A `choice` is a guess, and comes with a confidence.
        """
        return {}

    def shown(self, exercise: Exercise) -> str:
        """Lines of code that a learner is shown beside the text; empty where there are none."""
        return ""

    @abstractmethod
    def marks(self, paper: Paper) -> Sequence[Mark]:
        """What is found in an answer; weights sum to 1.

        Raises:
            TraceError: the answer cannot be read.
            ScheduleError: a step of it is illegal.
        """


def goal_of(exercise: Exercise, fields: Mapping[str, type]) -> Mapping[str, Any]:
    """The goal of an exercise, checked to have these fields.

    Raises:
        UsageError: a field is missing, unknown, or of another type.
    """
    goal = exercise.goal
    for name in (*fields, *goal):
        kind = fields.get(name, type(None))
        if name not in goal or not isinstance(goal[name], (float, int) if kind is float else kind):
            listed = ", ".join(f"{n} ({t.__name__})" for n, t in fields.items()) or "nothing"
            raise UsageError(
                f"the goal of the exercise {exercise.name!r} does not fit in {name!r}; a goal of "
                f"the kind {exercise.kind} says {listed}."
            )
    return goal
