"""Bisect: which step of a schedule made it slow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from tvmlab.errors import UsageError
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.measure.timing import duration


class BisectStep(Kind):
    """The number of the step after which a call takes longest compared with before it."""

    name = "bisect_step"
    title = "Bisect a bad step"

    def settings(self, exercise: Exercise) -> Mapping[str, Sequence[str]]:
        """The steps of the start, by number from 1."""
        return {"choice": tuple(str(number) for number in range(1, exercise.state.depth + 1))}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """The guess, against the prefixes of the start measured in turns."""
        exercise = paper.exercise
        goal_of(exercise, self.goal)
        chosen = paper.choice(self.settings(exercise)["choice"])
        states = exercise.state.states()
        found = paper.seconds(states)
        failed = [time for time in found if isinstance(time, str)]
        if failed:
            raise UsageError(f"a step of the start of {exercise.name!r} fails here: {failed[0]}")
        times_s = [time for time in found if not isinstance(time, str)]
        losses = [after / before for before, after in pairwise(times_s)]
        own, worst = int(chosen), losses.index(max(losses)) + 1
        told = [
            f"after step {n} ({states[n].line}) {duration(times_s[n])}, "
            f"before it {duration(times_s[n - 1])}"
            for n in dict.fromkeys((own, worst))
        ]
        lead = f"it is step {worst}" if own == worst else f"step {own} is not the one"
        if own != worst:
            told = told[:1]
        return paper.guess(own == worst, f"{lead}: {'; '.join(told)}")
