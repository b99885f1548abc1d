"""One line of the doctor's report, and the units it speaks in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something the machine offers or lacks.

    Attributes:
        topic: one word, the line's first column.
        text: what was found; where something is missing, also what that costs the user.
        is_missing: whether something is not as it could be.
    """

    topic: str
    text: str
    is_missing: bool = False

    def __str__(self) -> str:
        return f"{'!' if self.is_missing else ' '} {self.topic:<10} {self.text}"


def size(size_bytes: float) -> str:
    """A number of bytes in the unit that suits it, e.g. `32 KiB`."""
    for unit, factor in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes:.0f} B"


def giga(rate_per_s: float) -> str:
    """A rate a second in units of 10^9, three digits."""
    return f"{rate_per_s / 1e9:.3g}"
