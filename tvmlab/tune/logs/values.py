"""Numbers from a stranger's log, checked."""

from __future__ import annotations

import math
from typing import Any


def durations(value: Any) -> tuple[float, ...]:
    """A list of at least one time as seconds.

    Raises:
        ValueError: it is something else, or a time is negative or not finite.
    """
    if not isinstance(value, list) or not value:
        raise ValueError("the times are no list of seconds")
    for second in value:
        if not _is_number(second) or second < 0:
            raise ValueError(f"{second!r} is no time in seconds")
    return tuple(map(float, value))


def moment(value: Any) -> float | None:
    """Seconds since 1970; None where that is not said.

    Raises:
        ValueError: it is no number.
    """
    if value is None:
        return None
    if not _is_number(value):
        raise ValueError(f"{value!r} is no moment in time")
    return float(value)


def _is_number(value: Any) -> bool:
    """Whether it is a number that a float holds (JSON's integers may be of any size)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < 1e300 and math.isfinite(value)
