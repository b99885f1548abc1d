"""A space of which only some points are known: what a search may propose is one of them.

Points of a space drawn by chance are a space themselves: small enough to be measured whole, as hard
as the one that they are from. What explorers make of several configurations (a crossing, a mutant)
is then hardly ever one of the points; it stands for the nearest of them, in the features of knobs,
each column counted in its own spread. No explorer has an advantage of that: chance needs none, and
a model asked about everything sees the points alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tvmlab.ops.knobs import Knob
from tvmlab.tune.features import KnobFeatures
from tvmlab.tune.sketch_space import SKETCH
from tvmlab.tune.space import Realise, Space, ToProgram

NEAR = 8
"""A neighbour of a point is one of so many nearest to it."""


class SampledSpace(Space):
    """The rows of `points` (n, knobs), digits over `knobs`; their numbers are their indices."""

    def __init__(
        self, knobs: Sequence[Knob], points: np.ndarray, realise: Realise, schedule: ToProgram
    ) -> None:
        super().__init__(knobs, realise, schedule)
        self.size = len(points)
        self.structures = len(self.knobs[0].options) if self.knobs[0].name == SKETCH else 1
        self._points = points
        self._numbers = {row.tobytes(): number for number, row in enumerate(points)}
        self._features = KnobFeatures(self)
        columns = self._features(points)
        spread = columns.std(axis=0)
        self._scale = np.where(spread > 0, spread, np.inf)
        self._places = columns / self._scale
        self._squares = (self._places**2).sum(axis=1)

    def digits_at(self, index: int) -> np.ndarray:
        """The digits of point number `index`."""
        point: np.ndarray = self._points[index]
        return point

    def indices(self, digits: np.ndarray) -> list[int]:
        """The number of each row of `digits` (n, knobs), which are points."""
        return [self._numbers[row.tobytes()] for row in np.ascontiguousarray(digits)]

    def structure_of(self, digits: np.ndarray) -> np.ndarray:
        """(n,) the number of the sketch that each row is of; 0 where there are none."""
        found: np.ndarray = digits[:, 0] if self.structures > 1 else super().structure_of(digits)
        return found

    def everything(self) -> np.ndarray:
        """All points: (size, knobs) digits."""
        return self._points

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """`count` points drawn uniformly, repeats allowed: (count, knobs) digits."""
        drawn: np.ndarray = self._points[rng.integers(0, self.size, count)]
        return drawn

    def settled(self, digits: np.ndarray) -> np.ndarray:
        """For each row of `digits` (n, knobs) the nearest point; itself where it is one."""
        numbers = self._apart(digits).argmin(axis=1) if len(digits) else np.empty(0, np.int64)
        for row, known in enumerate(np.ascontiguousarray(digits)):
            numbers[row] = self._numbers.get(known.tobytes(), numbers[row])
        nearest: np.ndarray = self._points[numbers]
        return nearest

    def crossed(
        self, mothers: np.ndarray, fathers: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """For each pair of rows the point nearest to one that takes each option from either."""
        return self.settled(super().crossed(mothers, fathers, rng))

    def neighbours(self, digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each row, a point, one of the points nearest to it, drawn uniformly."""
        chosen = rng.integers(0, self._near.shape[1], len(digits))
        moved: np.ndarray = self._points[self._near[self.indices(digits), chosen]]
        return moved

    @cached_property
    def _near(self) -> np.ndarray:
        """(size, NEAR) the numbers of the points nearest to each, itself left out."""
        apart = self._apart(self._points)
        np.fill_diagonal(apart, np.inf)
        count = min(NEAR, self.size - 1)
        near: np.ndarray = np.argpartition(apart, count - 1, axis=1)[:, :count]
        return near

    def _apart(self, digits: np.ndarray) -> np.ndarray:
        """(n, size) the squared distance of each row from each point."""
        rows = self._features(digits) / self._scale
        squares = (rows**2).sum(axis=1)[:, None] + self._squares
        apart: np.ndarray = squares - 2 * rows @ self._places.T
        return apart
