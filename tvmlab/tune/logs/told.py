"""What a line of another tuner's log says, for who looks at one trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tvmlab.measure.figures import figure, time_words


class Told(NamedTuple):
    """One trial, as its log tells it.

    Attributes:
        facts: names and values, in words.
        steps: the instructions of its schedule, where the log has them.
        why: why they lead to no program here, in a sentence.
        raw: the line itself.
    """

    facts: list[tuple[str, str]]
    steps: list[str]
    why: str
    raw: str = ""


def times_told(times_s: Sequence[float]) -> list[tuple[str, str]]:
    """How long the calls took, repeat by repeat."""
    if not times_s:
        return []
    words = ", ".join(map(time_words, times_s))
    return [("Time of a call" if len(times_s) == 1 else f"Times of {len(times_s)} calls", words)]


def seconds_told(seconds: float) -> str:
    """A duration that may be zero."""
    return time_words(seconds) if seconds else f"{figure(0)} s"
