"""An exercise: one small TOML file, read as data.

    title = "Neighbours side by side"
    kind = "vectorize"                     # one of tvmlab.learn.kinds.KINDS
    points = 10
    text = "What is to be done, in the words of its author."
    hints = ["A first hint.", "A second one."]
    start = '''s["C"].split("x", 16)'''    # lines of Python, as a trace is written; may be empty

    [workload]
    operator = "matmul"                    # or: expression = '{"tvmlab_te": 1, ...}'
    sizes = {m = 64, n = 64, k = 64}

    [goal]                                 # what the kind asks for; see its file

    [key]                                  # for the grader; a course may hand out a file without
    hidden = [{m = 17, n = 48, k = 5}]     # sizes at which an answer must be right as well
    reference = '''...'''                  # the schedule that answers are compared with
    solution = '''...'''                   # an answer that passes
    wrong = ['''...''']                    # answers that do not

Lines of Python go through the whitelist of `tvmlab.schedule.trace`; nothing in the file is run.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tvmlab import api
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.learn.subject import Sizes, Subject
from tvmlab.schedule import State, replay_python
from tvmlab.te.serial import to_json

MAX_BYTES = 1 << 20
"""A longer file is no exercise."""

FIELDS = {"title": str, "kind": str, "text": str, "workload": dict}
MORE_FIELDS = {"points": int, "hints": list, "start": str, "goal": dict, "key": dict}
KEY_FIELDS = {"hidden": list, "reference": str, "solution": str, "wrong": list}


@dataclass(frozen=True)
class Key:
    """What only the grader needs; the fields are those of the file's table `key`."""

    hidden: tuple[Sizes, ...] = ()
    reference: str = ""
    solution: str = ""
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """One exercise; the fields are those of its file."""

    name: str
    title: str
    kind: str
    text: str
    subject: Subject
    points: int = 10
    hints: tuple[str, ...] = ()
    start: str = ""
    goal: Mapping[str, Any] = field(default_factory=dict)
    key: Key | None = None

    @cached_property
    def naive(self) -> State:
        """The state before any step."""
        return State.start(self.subject.at())

    @cached_property
    def workload(self) -> dict[str, Any]:
        """What the exercise is about, as plain data."""
        return to_json(self.naive.outputs)

    @cached_property
    def _opened(self) -> tuple[State, str]:
        """The state after the steps of the start that are legal, and why the next one is not."""
        try:
            ends = [node.end_lineno for node in ast.parse(self.start).body]
        except SyntaxError as error:
            return self.naive, f"line {error.lineno} is not Python: {error.msg}"
        state, lines = self.naive, self.start.splitlines()
        for end in ends:
            try:
                state = replay_python(self.naive, "\n".join(lines[:end]))
            except TvmlabError as error:
                return state, str(error)
        return state, ""

    @property
    def state(self) -> State:
        """Where a learner begins: the start, as far as its steps are legal."""
        return self._opened[0]

    @property
    def refused(self) -> str:
        """Why a line of the start is refused, in a sentence; empty where all are legal."""
        return self._opened[1]

    def schedule(self) -> api.Schedule:
        """The schedule that a learner begins with, to go on in code."""
        return api.Schedule(self.state)

    @property
    def answer_key(self) -> Key:
        """The key; UsageError where the file has none."""
        if self.key is None:
            raise UsageError(
                f"the file of the exercise {self.name!r} has no key; grade with its author's file."
            )
        return self.key

    def __str__(self) -> str:
        parts = [f"{self.title} ({self.points} points)", self.text.strip()]
        parts.append(f"Workload: {self.subject.line}")
        if self.start.strip():
            parts.append("Start:\n" + "\n".join(f"  {x}" for x in self.start.strip().splitlines()))
        if self.refused:
            parts.append(f"Refused there: {self.refused}")
        parts.append(f'Hand in: t.grade(ANSWER, "{self.name}")')
        return "\n\n".join(parts)


def read_exercise(name: str, text: str) -> Exercise:
    """The exercise that the text of a file says.

    Raises:
        UsageError: it is no TOML, or a field is missing, unknown or of another type.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the exercise {name!r} is not TOML: {error}.") from None
    _check(data, FIELDS, MORE_FIELDS, f"the exercise {name!r}")
    key = data.get("key")
    if key is not None:
        _check(key, {}, KEY_FIELDS, f"the key of the exercise {name!r}")
        if not all(isinstance(sizes, dict) for sizes in key.get("hidden", ())):
            raise UsageError(f"the hidden sizes of {name!r} are tables, as in {{m = 17, n = 5}}.")
        key = Key(
            hidden=tuple(key.get("hidden", ())),
            reference=key.get("reference", ""),
            solution=key.get("solution", ""),
            wrong=tuple(key.get("wrong", ())),
        )
    subject = Subject.read(data["workload"])
    more = {k: data[k] for k in ("points", "start", "goal") if k in data}
    hints = tuple(str(hint).strip() for hint in data.get("hints", ()))
    return Exercise(
        name, data["title"], data["kind"], data["text"], subject, hints=hints, key=key, **more
    )


def exercise_file(path: Path) -> Exercise:
    """The exercise in a file, named for it.

    Raises:
        UsageError: it cannot be read, or is no exercise.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"the exercise {path} is larger than any exercise; check the name.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the exercise {path} cannot be read ({error}); check the name.") from None
    return read_exercise(path.stem, text)


def _check(
    data: Mapping[str, Any], must: Mapping[str, type], may: Mapping[str, type], where: str
) -> None:
    known = {**must, **may}
    for name in must:
        if name not in data:
            raise UsageError(f"{where} lacks {name!r}; its fields are {', '.join(known)}.")
    for name, value in data.items():
        kind = known.get(name)
        if kind is None:
            raise UsageError(f"{where} has the unknown field {name!r}; use {', '.join(known)}.")
        if not isinstance(value, kind):
            raise UsageError(f"{where} has {name!r} of another type than {kind.__name__}.")
