"""What features are: named columns of numbers that a cost model sees of a candidate."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np


class Feature(NamedTuple):
    """One column: its name, and what its numbers count."""

    name: str
    unit: str


class Features(Protocol):
    """The features of the configurations of one space. Equal rows in, equal rows out.

    Attributes:
        is_general: whether the columns are the same, in number and in meaning, for every space, so
            that what a model learnt of one workload says something about another.
        is_slow: whether a row costs milliseconds, as where every configuration must be drafted
            to be seen, and not microseconds.
    """

    is_general: bool

    @property
    def is_slow(self) -> bool:
        """Whether a row costs milliseconds."""

    @property
    def columns(self) -> tuple[Feature, ...]:
        """What each column is, in order."""

    def __call__(self, digits: np.ndarray) -> np.ndarray:
        """The features of each row of `digits` (n, knobs): (n, columns) float32."""
