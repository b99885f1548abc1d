"""What a lab leaves in a notebook: every program of its schedule, each line once."""

from __future__ import annotations

from typing import TypedDict

from tvmlab.view.schema.program import Token


class KeptLine(TypedDict):
    """A line of some program."""

    text: str
    tokens: list[Token]


class KeptStep(TypedDict):
    """A step and the program after it, as positions in `lines` of the whole.

    `changed` holds the positions in `program` of the lines that the step wrote; `gone` those that
    it removed, each with the line of the program now that it stood above.
    """

    text: str
    time: str
    program: list[int]
    changed: list[int]
    gone: list[tuple[int, int]]


class KeptView(TypedDict):
    """All of it; `start` is the program before the first step, which `head` leads to.

    `marker` is the CSS class by which the lab's outputs are told from others of the page, and
    `measured` the latest measurement in words.
    """

    title: str
    subtitle: str
    head: str
    marker: str
    measured: str
    lines: list[KeptLine]
    start: list[int]
    steps: list[KeptStep]
