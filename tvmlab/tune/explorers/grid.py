"""Every configuration once, in strides that spread over the space.

AutoTVM's grid search counts through the space, so a run that ends early has seen one corner of it.
Here the index moves on by a step without a common divisor with the size, close to its golden
section: each configuration still has its turn, and after any number of trials those seen lie about
evenly (Knuth, The Art of Computer Programming 3, section 6.4, theorem S).
"""

from __future__ import annotations

from math import gcd, isqrt

from tvmlab.tune.explorer import History, Proposal
from tvmlab.tune.space import Space


class GridExplorer:
    """Walks through the space in equal strides; the seed says where it begins."""

    name = "grid"

    def __init__(self, space: Space, seed: int = 0) -> None:
        self._space = space
        self._step = coprime_section(space.size)
        self._at = seed % space.size
        self._left = space.size

    def observe(self, history: History) -> None:
        """Learn nothing."""

    def propose(self, count: int, history: History) -> list[Proposal]:
        """The next `count` configurations of the walk that are not yet seen."""
        proposals: list[Proposal] = []
        while self._left and len(proposals) < count:
            if self._at not in history.seen:
                proposals.append(Proposal(self._space.digits_at(self._at), None))
            self._at = (self._at + self._step) % self._space.size
            self._left -= 1
        return proposals


def coprime_section(size: int) -> int:
    """The first number from size * (sqrt(5) - 1) / 2 on that has no divisor in common with `size`,
    in whole numbers: a space may have more points than a float counts exactly."""
    step = max(1, (isqrt(5 * size * size) - size) // 2)
    while gcd(step, size) != 1:
        step += 1
    return step
