"""Exercises: read as data, graded by replay on the machine at hand. One file for each kind."""

from tvmlab.learn.exercise import Exercise
from tvmlab.learn.grade import Grade, NotPassed, grade, judge
from tvmlab.learn.kinds import KINDS
from tvmlab.learn.library import exercise, exercise_names

__all__ = [
    "KINDS",
    "Exercise",
    "Grade",
    "NotPassed",
    "exercise",
    "exercise_names",
    "grade",
    "judge",
]
