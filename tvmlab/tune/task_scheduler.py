"""Which of a model's operators deserves the next trials: the one that promises the model most.

The gradient-based scheduler of Ansor (OSDI 2020, section 6; its code, `task_scheduler.py`): of a
task that took t turns to come to the time g, what one more turn brings is guessed from what the
last few brought, and from how far it still may get: to g (1 - 1/t), as if all turns helped alike,
or at once to half the speed of the best of the tasks like it. The task is chosen whose guess, times
how often the model runs it, is largest; now and then any. No clock and no process: equal outcomes
and seeds give equal turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

PAST = 0.2
"""The weight of what the last turns brought against what is still possible; Ansor's alpha."""

REACH = 2.0
"""A task is thought to get at least to one part in so many of the speed of those like it; Ansor's
beta."""

WINDOW = 3
"""Turns over which the past is looked at."""

EPSILON = 0.05
"""The share of turns that go to any task."""


@dataclass(frozen=True)
class Task:
    """One operator of a model.

    Attributes:
        weight: how often the model runs it.
        work: its size, comparable among tasks of a kind.
        kind: tasks of one kind are expected to come to like speeds.
    """

    weight: float
    work: float
    kind: int


@dataclass
class _Course:
    """What became of a task: its best time in seconds after each turn, None while there is none."""

    best_s: list[float | None] = field(default_factory=list)
    is_over: bool = False


class TaskScheduler:
    """Hands out turns: `next`, then `observe` of that turn, and so on until there are none."""

    def __init__(self, tasks: Sequence[Task], seed: int = 0) -> None:
        self._tasks = tuple(tasks)
        self._courses = [_Course() for _ in self._tasks]
        self._rng = np.random.default_rng(seed)

    def next(self) -> int | None:
        """The task whose turn it is; None where all are over."""
        open_tasks = [n for n, course in enumerate(self._courses) if not course.is_over]
        if not open_tasks:
            return None
        for task in open_tasks:
            if not self._courses[task].best_s:
                return task
        if self._rng.random() < EPSILON:
            return int(self._rng.choice(open_tasks))
        return max(open_tasks, key=lambda task: (self.gain_s(task), -task))

    def observe(self, task: int, best_s: float | None, is_over: bool = False) -> None:
        """Take in a turn of `task`: its best time so far, and whether nothing is left to try."""
        self._courses[task].best_s.append(best_s)
        self._courses[task].is_over = is_over

    def gain_s(self, task: int) -> float:
        """The seconds that a turn of `task` is expected to take off a run of the model."""
        course, about = self._courses[task], self._tasks[task]
        best_s, turns = course.best_s[-1], len(course.best_s)
        if best_s is None:
            # Nothing of it runs yet: that is worth a few turns, and then no more than others get.
            return np.inf if turns < WINDOW else 0.0
        before_s = course.best_s[-1 - WINDOW] if turns > WINDOW else None
        past_s = (before_s - best_s) / WINDOW if before_s is not None else 0.0
        possible_s = best_s / turns
        fastest = max(self._speeds(about.kind))
        if len([t for t in self._tasks if t.kind == about.kind]) > 1:
            possible_s = max(possible_s, best_s - REACH * about.work / fastest)
        return about.weight * (PAST * past_s + (1 - PAST) * possible_s)

    def _speeds(self, kind: int) -> list[float]:
        """Work a second that the tasks of a kind have come to."""
        return [
            task.work / best_s
            for task, course in zip(self._tasks, self._courses, strict=True)
            if task.kind == kind and course.best_s and (best_s := course.best_s[-1]) is not None
        ]
