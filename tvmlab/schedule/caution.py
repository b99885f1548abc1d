"""A caution: what is legal but costs more than its author will think, in words."""

from __future__ import annotations

from dataclasses import dataclass


class ScheduleWarning(UserWarning):
    """A step was legal, and makes the program slow in a way that is easily missed."""


@dataclass(frozen=True)
class Caution:
    """What in a program is slower than it looks.

    Attributes:
        rule: which rule says so.
        block: the block concerned.
        loop: the loop concerned; empty if it is the block as a whole.
        why: the cost, with figures.
        instead: what would do better.
        weight: how bad, on the rule's own scale: a greater one is said again.
    """

    rule: str
    block: str
    loop: str
    why: str
    instead: str
    weight: float

    def __str__(self) -> str:
        place = f"loop {self.loop} of block {self.block}" if self.loop else f"block {self.block}"
        return f"{place}: {self.why}; {self.instead}."
