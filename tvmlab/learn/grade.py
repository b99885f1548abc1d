"""Grading: an answer in, marks out. The same for the command line, a notebook and the lab."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tvmlab.errors import ScheduleError, TraceError, UsageError
from tvmlab.learn.answer import Answer, answer_of, read_answer
from tvmlab.learn.bench import Bench, MachineBench
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.kinds import KINDS
from tvmlab.learn.library import exercise as exercise_named
from tvmlab.learn.notebook import SNAPSHOT_MIME
from tvmlab.learn.paper import Mark, Paper
from tvmlab.ops.registry import unknown
from tvmlab.schedule import Schedule, State, Trace


class NotPassed(AssertionError):
    """An answer did not pass; its text is the grade's."""


@dataclass(frozen=True)
class Grade:
    """What an answer is worth.

    Attributes:
        exercise: the exercise.
        answer: what was handed in.
        marks: what was looked at.
    """

    exercise: Exercise
    answer: Answer
    marks: tuple[Mark, ...]

    @cached_property
    def is_passed(self) -> bool:
        """Whether every mark is as good as passing takes."""
        return all(mark.is_passed for mark in self.marks)

    @property
    def passed(self) -> bool:
        """As `is_passed`, for test cells: `assert t.grade(s, "tiles").passed`."""
        return self.is_passed

    @cached_property
    def points(self) -> float:
        """Points reached, to a tenth; all of them only where all was reached."""
        share = sum(mark.share * mark.weight for mark in self.marks)
        return int(share * self.exercise.points * 10 + 1e-6) / 10

    def require(self) -> Grade:
        """This grade; NotPassed, an AssertionError, where the answer did not pass."""
        if not self.is_passed:
            raise NotPassed(str(self))
        return self

    def to_json(self) -> dict[str, Any]:
        """As plain data, for those who collect grades."""
        return {
            "exercise": self.exercise.name,
            "passed": self.is_passed,
            "points": self.points,
            "of": self.exercise.points,
            "marks": [mark.to_json() for mark in self.marks],
        }

    def __str__(self) -> str:
        lines = [f"  {'+' if m.is_passed else '-'} {m.what}: {m.words}" for m in self.marks]
        return "\n".join([repr(self), *lines])

    def __repr__(self) -> str:
        verdict = "passed" if self.is_passed else "not passed yet"
        return f"{self.exercise.name}: {verdict}, {self.points:g} of {self.exercise.points} points"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Text, and what `tvmlab grade` finds in a saved notebook."""
        traces = [json.loads(t) if t.startswith("{") else t for t in self.answer.traces]
        left = {"exercise": self.exercise.name, "traces": traces, **self.answer.settings}
        return {"text/plain": repr(self), SNAPSHOT_MIME: left}


def judge(exercise: Exercise, answer: Answer, bench: Bench, seed: int | None = None) -> Grade:
    """The grade of an answer.

    Args:
        exercise: with its key.
        answer: what was handed in; its steps alone decide, not what it claims.
        bench: the machine to judge on.
        seed: seeds inputs; drawn anew if left out, so that nobody can prepare for them.

    Raises:
        UsageError: the exercise is of an unknown kind, or has no key.
        TraceError: the answer cannot be read.
    """
    kind = KINDS.get(exercise.kind)
    if kind is None:
        raise UsageError(unknown("kind of exercise", exercise.kind, list(KINDS)))
    chosen = secrets.randbelow(1 << 31) if seed is None else seed
    try:
        marks = tuple(kind.marks(Paper(exercise, answer, bench, chosen)))
    except ScheduleError as error:
        marks = (Mark("legal", 0.0, 1.0, f"a step is refused: {error}"),)
    return Grade(exercise, answer, marks)


def grade(
    answer: Any, exercise: str | Path | Exercise, confidence: float | None = None, **settings: Any
) -> Grade:
    """Grade an answer on this machine, and print what was found.

        t.grade(s, "tiles")                         a schedule, or a lab
        t.grade("memory", "which_bound", confidence=0.8)
        t.grade([s1, s2], "few_shots")              several schedules

    Works without a browser, as under nbgrader (end a test cell in `t.grade(s, "tiles").points`) and
    otter (`assert t.grade(s, "tiles").passed`).

    Args:
        answer: a schedule, a lab, several, or text: a choice, a trace, lines of Python.
        exercise: its name, its file, or itself.
        confidence: how sure a choice is, 0.5 to 1.
        settings: what else the exercise asks for, as `model="ridge"`.

    Raises:
        UsageError: there is no such exercise.
        TraceError: the answer cannot be read.
    """
    asked = exercise if isinstance(exercise, Exercise) else exercise_named(exercise)
    found = _handed_in(answer)
    more = {**settings, **({} if confidence is None else {"confidence": confidence})}
    result = judge(asked, Answer(found.traces, {**found.settings, **more}), MachineBench())
    print(result)
    return result


def _handed_in(value: Any) -> Answer:
    """The answer that an object stands for."""
    if value is None:
        return Answer()
    if isinstance(value, str):
        return read_answer(value)
    if isinstance(value, int):
        return Answer(settings={"choice": str(value)})
    if isinstance(value, Sequence):
        return Answer(tuple(trace for each in value for trace in _handed_in(each).traces))
    held = getattr(value, "schedule", value)
    state = held if isinstance(held, State) else getattr(held, "state", None)
    if isinstance(held, State | Schedule) and isinstance(state, State):
        return Answer((Trace(state).to_json(),))
    if isinstance(value, dict):
        return answer_of(value)
    raise TraceError(
        f"an answer is a schedule, a lab, or a choice as text, not {type(value).__name__}."
    )
