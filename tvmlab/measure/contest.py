"""Which of several kernels is the fastest, if that can be told at all.

The kernels are timed in turns, all of them in each, so that what the machine does meanwhile hits
all alike. A turn gives each kernel one figure, and two kernels are compared by the ratios of their
figures. If they are equally fast a ratio is above 1 as often as below, whatever the noise looks
like and however long it lasts; so the interval around the median ratio is that of
`tvmlab.measure.timing.median_interval`, and six turns suffice: one kernel must win all of them,
which of two equal ones happens in 3 % of contests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tvmlab.measure.timing import CONFIDENCE, median_interval

TURNS = 6
"""The fewest turns in which a winner can be certain."""


@dataclass(frozen=True)
class Verdict:
    """The end of a contest.

    Attributes:
        leader: the kernel of the least median time, as a position.
        rivals: the kernels that may be as fast, in order; empty where the leader has won.
        margin: the leader is faster than all that are no rivals by at least this share, 0.05 being
            5 %; 0 where there are none.
    """

    leader: int
    rivals: tuple[int, ...]
    margin: float

    @property
    def is_certain(self) -> bool:
        """Whether the leader is faster than every other kernel."""
        return not self.rivals


def judge(turns: Sequence[Sequence[float]]) -> Verdict:
    """The verdict on `turns`, each the seconds of every kernel, in one order.

    At least one turn of one kernel; fewer than `TURNS` make nobody certain.
    """
    kernels = range(len(turns[0]))
    leader = min(kernels, key=lambda k: median(turn[k] for turn in turns))
    rivals, margins = [], []
    for kernel in kernels:
        if kernel == leader:
            continue
        low, _, confidence = median_interval([turn[kernel] / turn[leader] for turn in turns])
        if confidence >= CONFIDENCE and low > 1:
            margins.append(low - 1)
        else:
            rivals.append(kernel)
    return Verdict(leader, tuple(rivals), min(margins, default=0.0))


def turn_order(turn: int, kernels: int) -> range:
    """In which order the kernels are timed in a turn: backwards every other time, so that none is
    always the first."""
    return range(kernels) if turn % 2 == 0 else range(kernels)[::-1]


@dataclass(frozen=True)
class Ratio:
    """How many times as long one kernel takes as another.

    Attributes:
        median: the best guess.
        low, high: what encloses the true ratio.
        confidence: the probability that they do.
    """

    median: float
    low: float
    high: float
    confidence: float

    @property
    def is_certain(self) -> bool:
        """Whether it can be told which of the two is faster."""
        return self.confidence >= CONFIDENCE and not self.low <= 1 <= self.high


def ratio_by_turns(turns: Sequence[tuple[float, float]]) -> Ratio:
    """The first kernel's time over the second's, from at least one turn of both."""
    ratios = [first / second for first, second in turns]
    return Ratio(median(ratios), *median_interval(ratios))


def ratio_of_runs(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """The first kernel's time over the second's, each measured by itself, one after the other.

    Each median's interval misses it with half the probability that is allowed for both together
    (Bonferroni), so that the extremes of their quotient enclose the true one as often as they say.
    What the machine did to one run and not to the other is not in it: `ratio_by_turns` is for that.
    """
    each = 1 - (1 - CONFIDENCE) / 2
    low_1, high_1, sure_1 = median_interval(tuple(first), each)
    low_2, high_2, sure_2 = median_interval(tuple(second), each)
    sure = max(0.0, sure_1 + sure_2 - 1)
    return Ratio(median(first) / median(second), low_1 / high_2, high_1 / low_2, sure)
