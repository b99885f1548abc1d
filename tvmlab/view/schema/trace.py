"""The schedule, step by step, and the decisions it leaves open."""

from __future__ import annotations

from typing import TypedDict

from tvmlab.view.schema.program import GoneLine, LineView
from tvmlab.view.schema.refusal import RefusalView


class HoleView(TypedDict):
    """A decision left open: its value and options as Python, `unlisted` more of which are not sent.

    A frozen one is left to nobody until it is open again.
    """

    name: str
    value: str
    options: list[str]
    unlisted: int
    is_frozen: bool


class TraceLine(TypedDict):
    """One step as Python; `recipe` is its name where the step stands for several.

    `cautions` says in sentences what the step, legal as it is, made slow. `holes` are those that no
    line before has.
    """

    index: int
    text: str
    recipe: str
    cautions: list[str]
    holes: list[HoleView]


class PastView(TypedDict):
    """The program after a step, with what the step changed; `time` is what it was measured at."""

    text: str
    time: str
    lines: list[LineView]
    new: list[int]
    gone: list[GoneLine]


class TraceView(TypedDict):
    """The schedule; `position` counts the steps in force, later lines can be redone.

    `document` is the trace as JSON, which a file of it holds, in pieces that follow one another;
    the long ones do not change from step to step.
    """

    head: str
    lines: list[TraceLine]
    position: int
    can_undo: bool
    can_redo: bool
    python: str
    document: list[str]
    refusal: RefusalView | None
    refused_line: int
    taken: str
