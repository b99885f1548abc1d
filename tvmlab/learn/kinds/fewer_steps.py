"""Fewer steps: the speed of a long schedule with a short one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.schedule import Step
from tvmlab.schedule.recipe import RecordedRecipe


class FewerSteps(Kind):
    """At most `steps` steps, and at least `share` of the speed of the key's reference."""

    name = "fewer_steps"
    title = "As fast with fewer steps"
    goal: ClassVar[Mapping[str, type]] = {"steps": int, "share": float}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """Right, short, and fast; what is wrong is not timed."""
        goal = goal_of(paper.exercise, self.goal)
        most, made = goal["steps"], sum(map(length, paper.state.steps))
        short = Mark(
            f"at most {most} steps",
            1.0 if made <= most else most / made,
            0.3,
            f"{made} step{'s' * (made != 1)}; steps inside a recipe of your own count one each",
        )
        right = paper.right(0.2)
        if not right.is_passed:
            return (right, short, Mark("speed", 0.0, 0.5, "not measured, for the result is wrong"))
        return (right, short, paper.speed(goal["share"], 0.5))


def length(step: Step) -> int:
    """How many steps one is: a recipe of a user's own as many as it holds."""
    return sum(map(length, step.steps)) if isinstance(step, RecordedRecipe) else 1
