"""Few measurements: a handful of schedules, unmeasured, against a tuner's many trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from tvmlab.errors import ScheduleError, TraceError
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import TOLERANCE, Mark, Paper
from tvmlab.measure.timing import duration
from tvmlab.ops.hole_template import HoleTemplate
from tvmlab.schedule import State, replay_python, step_from_json
from tvmlab.tune.template_space import template_space


class FewMeasurements(Kind):
    """At most `schedules` schedules, the best of which must be as fast as the best of `trials`
    that a random search draws from `space`, a schedule with holes.

    Handed in before any is measured: the grader measures them all, and so keeps count.
    """

    name = "few_measurements"
    title = "Beat the tuner with few measurements"
    goal: ClassVar[Mapping[str, type]] = {"schedules": int, "trials": int, "space": str}

    def shown(self, exercise: Exercise) -> str:
        """The space that the search draws from."""
        return str(goal_of(exercise, self.goal)["space"]).strip()

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """Few enough, all right, and the best of them against the best drawn."""
        goal, states = goal_of(paper.exercise, self.goal), paper.states
        most, trials = goal["schedules"], goal["trials"]
        if len(states) > most:
            raise TraceError(f"the answer has {len(states)} schedules, and {most} are allowed.")
        wrong = [m for m in (paper.right(0.3, state) for state in states) if not m.is_passed]
        if wrong:
            return (wrong[0], Mark("speed", 0.0, 0.7, "not measured, for a result is wrong"))
        drawn = draw(paper.exercise.naive, goal["space"], trials, paper.seed)
        times = paper.seconds([*states, *drawn])
        good = [[t for t in part if not isinstance(t, str)] for part in split(times, len(states))]
        what = f"as fast as the best of {trials} trials"
        right = Mark("right", 1.0, 0.3, f"each of {len(states)} agrees with NumPy")
        if not all(good):
            return (right, Mark(what, 0.0, 0.7, next(t for t in times if isinstance(t, str))))
        own_s, tuner_s = map(min, good)
        reached = tuner_s / own_s
        words = (
            f"your best of {len(states)} takes {duration(own_s)}, the tuner's best of {trials} "
            f"{duration(tuner_s)}, measured in turns"
        )
        return (right, Mark(what, 1.0 if reached >= 1 - TOLERANCE else reached, 0.7, words))


def split(values: Sequence[float | str], count: int) -> tuple[Sequence[float | str], ...]:
    """The first `count` values, and the others."""
    return values[:count], values[count:]


def draw(naive: State, space: str, count: int, seed: int) -> list[State]:
    """`count` different legal schedules of a space, drawn at random; fewer where it has no more."""
    steps = tuple(step.to_json() for step in replay_python(naive, space).steps)
    found = template_space(HoleTemplate.from_json(steps), naive.outputs)
    states: list[State] = []
    for row in found.draw_new(found.size, np.random.default_rng(seed), frozenset()):
        if len(states) == count:
            break
        try:
            trace = found.trace(found.config(row))
        except ScheduleError:
            continue
        states.append(naive.replay(step_from_json(step) for step in trace))
    return states
