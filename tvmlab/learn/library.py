"""The exercises that come with tvmlab, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from tvmlab.errors import UsageError
from tvmlab.learn.exercise import Exercise, exercise_file, read_exercise
from tvmlab.ops.registry import unknown

_FOLDER = files("tvmlab.learn") / "exercises"


@cache
def exercise_names() -> tuple[str, ...]:
    """The names of the exercises that come with tvmlab, in the order in which to take them.

    The order is that of the numbers that their files begin with, which are no part of the names.
    """
    return tuple(_stem(name) for name in sorted(_files()))


@cache
def _shipped(name: str) -> Exercise:
    found = next(file for file in _files() if _stem(file) == name)
    return read_exercise(name, (_FOLDER / found).read_text(encoding="utf-8"))


def _files() -> list[str]:
    return [entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(".toml")]


def _stem(file: str) -> str:
    number, _, name = file.removesuffix(".toml").partition("_")
    return name if number.isdecimal() else file.removesuffix(".toml")


def exercise(name: str | Path) -> Exercise:
    """The exercise of that name, or in the file of that path (with the ending `.toml`).

    Raises:
        UsageError: there is none, or the file is no exercise.
    """
    if isinstance(name, Path) or str(name).endswith(".toml"):
        return exercise_file(Path(name))
    if str(name) not in exercise_names():
        raise UsageError(unknown("exercise", str(name), exercise_names()))
    return _shipped(str(name))
