"""A loop by its name."""

from __future__ import annotations

from typing import TypedDict


class LoopRef(TypedDict):
    """A loop, named as schedules name it."""

    block: str
    loop: str
