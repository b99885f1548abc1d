"""What an explorer is: it proposes configurations and learns from their scores.

It knows neither compilers nor devices nor time: only digits, and scores where more is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np


@dataclass(frozen=True)
class History:
    """What is known when configurations are proposed.

    Attributes:
        digits: (n, knobs) int64, every configuration measured so far.
        scores: (n,) float64, its throughput relative to the best: 1 the best, 0 a failure.
        seen: indices of all configurations ever proposed, whether measured or not.
    """

    digits: np.ndarray
    scores: np.ndarray
    seen: frozenset[int]


class Proposal(NamedTuple):
    """A configuration to try: its digits, and the score expected of it, if any is."""

    digits: np.ndarray
    predicted: float | None


class Explorer(Protocol):
    """Chooses what to measure next. Equal seed and history give equal proposals."""

    name: str

    def observe(self, history: History) -> None:
        """Learn; called once after each batch."""

    def propose(self, count: int, history: History) -> list[Proposal]:
        """Up to `count` different configurations not in `history.seen`; fewer only where the
        space has no more."""
