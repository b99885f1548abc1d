"""Reach a speed: a share of that of a reference schedule, measured in turns with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper


class ReachSpeed(Kind):
    """At least `share` of the speed of the key's reference."""

    name = "reach_speed"
    title = "Reach a speed"
    goal: ClassVar[Mapping[str, type]] = {"share": float}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """Right, then fast; what is wrong is not timed."""
        goal = goal_of(paper.exercise, self.goal)
        right = paper.right(0.3)
        if not right.is_passed:
            return (right, Mark("speed", 0.0, 0.7, "not measured, for the result is wrong"))
        return (right, paper.speed(goal["share"], 0.7))
