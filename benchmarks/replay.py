"""Searches of recorded spaces: how many trials they take, on any machine the same.

What a trial measured is one of the recorded times of its configuration, drawn by seed; whether it
was good is told from all of them, which the search does not see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from statistics import median

import numpy as np
from recording import Recording

from tvmlab.tune.explorer import Explorer
from tvmlab.tune.session import Session
from tvmlab.tune.space import Space

SHARES = (0.90, 0.95, 0.99)
"""Of the best configuration's speed: what a search is after."""

BATCH = 8
"""Candidates between two fits, whatever the explorer."""

Make = Callable[[Space, int], Explorer]
"""Makes an explorer of a space, from a seed."""


def trials_needed(
    recording: Recording,
    make: Make,
    seed: int,
    shares: Sequence[float] = SHARES,
    most: int | None = None,
    batch: int = BATCH,
) -> dict[float, float]:
    """Share of the best speed -> how many trials it took to find a configuration that has it;
    infinite where `most` trials did not find one."""
    found = dict.fromkeys(shares, inf)
    best = 0.0
    for number, index in enumerate(trajectory(recording, make, seed, most, batch), 1):
        best = max(best, recording.shares[index])
        for share in shares:
            if best >= share and found[share] == inf:
                found[share] = number
        if best >= max(shares):
            break
    return found


def trajectory(
    recording: Recording, make: Make, seed: int, most: int | None = None, batch: int = BATCH
):
    """The indices of a search, in order; each is told before it is measured."""
    space = recording.space
    session = Session(space, make(space, seed), most or space.size, batch)
    while session.finished is None:
        for candidate in session.next(batch):
            yield candidate.index
            session.observe(candidate.number, recording.outcome(candidate.index, seed))


def medians(runs: Sequence[Mapping[float, float]]) -> dict[float, float]:
    """Of each share, over several runs."""
    return {share: median(run[share] for run in runs) for share in runs[0]}


def exact_median(recording: Recording, share: float) -> int:
    """Trials that drawing takes to meet a configuration of `share` of the best speed: see
    `drawn_until`."""
    return drawn_until(len(recording.shares), int((recording.shares >= share).sum()))


def drawn_until(size: int, good: int) -> int:
    """Trials after which drawing without repeats has more likely than not met one of the `good`
    configurations among `size`."""
    missed, drawn = 1.0, 0
    while missed > 0.5:
        missed *= (size - good - drawn) / (size - drawn)
        drawn += 1
    return drawn


def best_after(recording: Recording, make: Make, seed: int, trials: int) -> np.ndarray:
    """(trials,) the best share of the optimum's speed found by each trial."""
    shares = [recording.shares[index] for index in trajectory(recording, make, seed, trials)]
    return np.maximum.accumulate(shares)
