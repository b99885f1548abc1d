"""Exercises, the answer judged last, and guesses before a measurement."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.refusal import RefusalView


class ExerciseView(TypedDict):
    """An exercise in the list; `reached` are the most points so far."""

    name: str
    title: str
    kind: str
    status: Literal["new", "tried", "passed"]
    reached: float
    points: int


class QuestionView(TypedDict):
    """Something to choose: its name, the question in words, and the options."""

    name: str
    asked: str
    options: list[str]


class TaskView(TypedDict):
    """The exercise that is open; `is_here` where it is of the lab's own expression, else `code`
    opens it in a cell. `shown` are lines of code that belong to the text."""

    name: str
    title: str
    kind: str
    points: int
    text: list[str]
    start: str
    shown: str
    refused: str
    workload: str
    is_here: bool
    has_start: bool
    code: str
    questions: list[QuestionView]
    is_guess: bool
    hints: list[str]
    hints_left: int


class MarkView(TypedDict):
    """One thing that was looked at in an answer."""

    what: str
    is_passed: bool
    share: float
    words: str


class GradeView(TypedDict):
    """The answer judged last; `is_current` while the schedule shown is the one judged."""

    is_passed: bool
    points: float
    of: int
    marks: list[MarkView]
    is_current: bool


class GuessView(TypedDict):
    """The card to guess on, and how the guess revealed last went; `verdict` is empty before."""

    questions: list[QuestionView]
    verdict: Literal["", "right", "wrong", "open"]
    words: str
    calibration: str


class LearnView(TypedDict):
    """Everything to learn with; `going` says what is under way, `stage` how far it came."""

    exercises: list[ExerciseView]
    task: TaskView | None
    grade: GradeView | None
    guess: GuessView
    going: Literal["", "check", "reveal"]
    stage: str
    reason: str
    refusal: RefusalView | None
