"""Predict which is faster: the start, or another schedule of the same expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tvmlab.errors import UsageError
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.measure.timing import duration
from tvmlab.schedule import replay_python

FIRST, SECOND = "first", "second"
ALIKE = 1.03
"""Two times this close are held for equal: any guess is right then."""


class PredictFaster(Kind):
    """`first` (the start) or `second` (the schedule in the goal), measured where it is graded."""

    name = "predict_faster"
    title = "Predict the faster one"
    goal: ClassVar[Mapping[str, type]] = {"second": str}

    def settings(self, exercise: Exercise) -> Mapping[str, Sequence[str]]:
        """The two schedules."""
        return {"choice": (FIRST, SECOND)}

    def shown(self, exercise: Exercise) -> str:
        """The second schedule."""
        return "# second\n" + str(goal_of(exercise, self.goal)["second"]).strip()

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """The guess and its confidence."""
        exercise = paper.exercise
        second = replay_python(exercise.naive, goal_of(exercise, self.goal)["second"])
        chosen = paper.choice(self.settings(exercise)["choice"])
        first_s, second_s = paper.seconds([exercise.state, second])
        if isinstance(first_s, str) or isinstance(second_s, str):
            raise UsageError(f"a schedule of {exercise.name!r} fails here: {first_s}, {second_s}")
        ratio = first_s / second_s
        figures = f"the first takes {duration(first_s)}, the second {duration(second_s)}"
        if max(ratio, 1 / ratio) < ALIKE:
            return paper.guess(True, f"{figures}: too close to tell, so either guess is right")
        faster = SECOND if ratio > 1 else FIRST
        by = max(ratio, 1 / ratio)
        return paper.guess(chosen == faster, f"{figures}: the {faster} is {by:.1f} times faster")
