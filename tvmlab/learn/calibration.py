"""How well someone knows what they know: the Brier score of guesses with a confidence.

G. W. Brier, *Verification of forecasts expressed in terms of probability*, Monthly Weather Review
78 (1950): the mean of the squared differences between the probability given and what came, 0 for
who is sure and right, 1 for who is sure and wrong. Who always says 50 % scores 0.25.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LEAST_SURE, MOST_SURE = 0.5, 1.0
"""Confidence in one of two answers; whoever believes less in one believes more in the other."""


class Guess(NamedTuple):
    """How sure a guess was (0.5 to 1), and whether it was right."""

    confidence: float
    is_right: bool

    @property
    def brier(self) -> float:
        """The score of this guess alone, 0 best, 1 worst."""
        return (self.confidence - self.is_right) ** 2


def brier(guesses: Sequence[Guess]) -> float | None:
    """The mean score of `guesses`; None where there are none."""
    return sum(guess.brier for guess in guesses) / len(guesses) if guesses else None


def calibration_words(guesses: Sequence[Guess]) -> str:
    """How the guesses so far did, in a sentence; empty where there are none."""
    score = brier(guesses)
    if score is None:
        return ""
    right = sum(guess.is_right for guess in guesses)
    sure = sum(guess.confidence for guess in guesses) / len(guesses)
    share = right / len(guesses)
    lean = "as sure as right" if abs(sure - share) < 0.1 else "surer than right"
    if share - sure >= 0.1:
        lean = "righter than sure"
    return (
        f"{right} of {len(guesses)} right, {100 * sure:.0f} % sure on average: {lean}; Brier score "
        f"{score:.2f} (0 best, a coin 0.25)"
    )
