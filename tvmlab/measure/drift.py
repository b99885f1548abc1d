"""Times measured while the machine ran slower or faster, brought to its first pace.

Each outcome carries the sentinel's time beside it. As long as readings are alike the machine keeps
its level and times are taken as they are: within a level no noise of the sentinel gets into them. A
reading beyond that is a new level, for it was read twice, before and after the candidate; from then
on times are divided by how much slower the sentinel is than at the beginning. A level that is not
known stays what it was.
"""

from __future__ import annotations

from dataclasses import replace

from tvmlab.measure.outcome import Outcome
from tvmlab.measure.sentinel import agree


class Drift:
    """The pace of one machine in the course of a run, and what it says of its outcomes.

    `slowdown` is how many times as long the sentinel takes now as at the beginning; exactly 1 while
    the machine keeps its first level.
    """

    def __init__(self) -> None:
        self._first_s = 0.0
        self._level_s = 0.0

    @property
    def slowdown(self) -> float:
        """How many times as slow as at the beginning the machine is now."""
        return self._level_s / self._first_s if self._first_s else 1.0

    def recalled(self, outcome: Outcome) -> Outcome:
        """`outcome`, steadied and stored before, with its slowdown; its level is taken up.

        Every one since the beginning has to come by here, in order.
        """
        self._read(outcome.sentinel_s)
        return replace(outcome, slowdown=self.slowdown)

    def steadied(self, outcome: Outcome) -> Outcome:
        """`outcome` with the times that the machine would have taken at its first pace."""
        self._read(outcome.sentinel_s)
        times_s = tuple(t / self.slowdown for t in outcome.times_s)
        return replace(outcome, times_s=times_s, slowdown=self.slowdown)

    def _read(self, sentinel_s: float) -> None:
        if not sentinel_s:
            return
        if not self._first_s:
            self._first_s = self._level_s = sentinel_s
        elif agree(sentinel_s, self._first_s):
            self._level_s = self._first_s  # back at the first pace
        elif not agree(sentinel_s, self._level_s):
            self._level_s = sentinel_s
