"""Figures beside the loops of a program."""

from __future__ import annotations

from typing import Literal, TypedDict

OverlayKind = Literal["none", "cost", "bytes", "reuse"]
"""Nothing; the share of all operations; different bytes that a run touches; or those between two
iterations, where iterations use something again."""


class OverlayMark(TypedDict):
    """A figure at the loop header in `line` (from 0): a bar of `share`, short and in a sentence."""

    line: int
    share: float
    text: str
    words: str
