"""The program with what the last step changed."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.contributions import ContributionsView
from tvmlab.view.schema.loop import LoopRef
from tvmlab.view.schema.overlay import OverlayKind, OverlayMark

Token = tuple[int, int, str]
"""(start, end, kind): a coloured stretch of a line, in characters."""


class LineView(TypedDict):
    """One line of the program; `id` survives the steps that leave the line in place.

    `origin` is the 1-based line under whose number generated code refers to it: a loop's header
    itself, and for what stands in a block the block's first line. `step` wrote it, from 1; 0 for
    what was there before any step.
    """

    id: int
    origin: int
    text: str
    tokens: list[Token]
    loop: LoopRef | None
    mark: Literal["", "new"]
    step: int


class GoneLine(TypedDict):
    """A line that the last step removed; it stood above line `before` of the program now."""

    before: int
    text: str
    tokens: list[Token]


class ProgramView(TypedDict):
    """The program with what changed since the state it is `compared` with.

    That is the one before the last step, or the pinned one, which there may be (`can_compare`).
    Of a long program `lines` are the first ones until the intent `all_lines`; `missing` are the
    others.
    """

    title: str
    subtitle: str
    lines: list[LineView]
    missing: int
    gone: list[GoneLine]
    selection: LoopRef | None
    notice: str
    can_start_over: bool
    compared: Literal["previous", "pinned"]
    can_compare: bool
    overlay: OverlayKind
    marks: list[OverlayMark]
    contributions: ContributionsView
