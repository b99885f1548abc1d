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

    Nothing in it depends on where in the program it stands. Generated code refers to it by the
    number of another line, which stands `above` it by so many: of itself for a loop's header, and
    of a block's first line for what stands in the block; None where it does not. `step` wrote it,
    from 1; 0 for what was there before any step.
    """

    id: int
    above: int | None
    text: str
    tokens: list[Token]
    loop: LoopRef | None
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
    others. `new` holds the positions, from 0, of the lines that were not there.
    """

    title: str
    subtitle: str
    lines: list[LineView]
    missing: int
    new: list[int]
    gone: list[GoneLine]
    selection: LoopRef | None
    notice: str
    can_start_over: bool
    compared: Literal["previous", "pinned"]
    can_compare: bool
    overlay: OverlayKind
    marks: list[OverlayMark]
    contributions: ContributionsView
