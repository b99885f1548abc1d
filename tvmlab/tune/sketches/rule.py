"""What a rule is: it turns a partial sketch into others that say more of one block."""

from __future__ import annotations

from typing import Protocol

from tvmlab.tune.sketches.partial import Partial


class Rule(Protocol):
    """One idea of how a block may be scheduled.

    The rules of a registry are asked in order about every block, readers before what they read.
    Each is given what those before made; a block that no longer waits is decided.
    """

    name: str

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether the rule has something to say of `block`, which waits."""

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """What takes the place of `partial`: alternatives, itself among them if it is one."""
