"""Ladders of numbers that knobs offer, and the step of a ladder next to a wish."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from tvmlab.ops.knobs import ChoiceKnob


def powers(low: int, high: int) -> tuple[int, ...]:
    """The powers of two from `low` up that are below `high`, then `high` itself."""
    ladder = []
    step = low
    while step < high:
        ladder.append(step)
        step *= 2
    return (*ladder, high)


def dividing(extent: int, low: int) -> tuple[int, ...]:
    """The sizes from `powers(low, extent)` that divide `extent`."""
    return tuple(p for p in powers(low, extent) if extent % p == 0)


def nearest(options: Sequence[int], wish: int) -> int:
    """The option that differs from `wish` by the smallest factor."""
    return min(options, key=lambda option: abs(log2(option / wish)))


def switch(name: str) -> ChoiceKnob:
    """A knob that is on or off, on first."""
    return ChoiceKnob(name, (True, False))
