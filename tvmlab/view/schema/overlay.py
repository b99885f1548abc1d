"""Figures beside the loops of a program."""

from __future__ import annotations

from typing import Literal, TypedDict

OverlayKind = Literal["none", "cost", "bytes", "reuse", "model"]
"""Nothing; the share of all operations; different bytes that a run touches; those between two
iterations, where iterations use something again; or what a cost model makes of the loop."""


class OverlayMark(TypedDict):
    """A figure at the loop header in `line` (from 0): a bar of `share`, short and in a sentence.

    A share below 0 speaks against the program, and its bar goes to the left.
    """

    line: int
    share: float
    text: str
    words: str
