"""Places of a batch for other structures than the fastest one, once that gives no more.

A model that has settled in one structure of a space (see `Space.structures`) knows little of the
others but what was drawn of them by chance, which is seldom their best; so it goes on with what is
familiar although nothing better comes of it. As in a bandit, what was tried least for the speed
that it has shown is then tried more.
"""

from __future__ import annotations

import numpy as np

from tvmlab.tune.annealing import Score
from tvmlab.tune.explorer import History
from tvmlab.tune.space import Space

SHARE = 1 / 4
"""Of a batch, for other structures, while the search is stuck."""

WAIT = 16
"""Trials without a better one, two of the smallest batches, after which a search is stuck."""

BETTER = 1.02
"""What is faster by less than this may be luck."""

DRAWN = 2048
"""Configurations that the model chooses from."""


def places_elsewhere(count: int, history: History) -> int:
    """How many of `count` candidates should be of other structures than the fastest's."""
    before = history.scores[: -max(count, WAIT)]
    is_stuck = before.max(initial=0.0) * BETTER >= 1
    return int(count * SHARE) if is_stuck else 0


def elsewhere(
    space: Space,
    count: int,
    history: History,
    score: Score,
    seen: frozenset[int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Up to `count` configurations not in `seen` of other structures than the fastest's: of each
    those that `score` likes best among many that are drawn. (m, knobs) digits."""
    drawn = space.draw_new(DRAWN, rng, seen)
    kinds, tried = space.structures(drawn), space.structures(history.digits)
    drawn, kinds = (each[kinds != tried[history.scores.argmax()]] for each in (drawn, kinds))
    order = np.argsort(-score(drawn), kind="stable") if len(drawn) else np.empty(0, np.int64)
    left = {kind: drawn[order[kinds[order] == kind]] for kind in np.unique(kinds).tolist()}
    trials = {kind: int((tried == kind).sum()) for kind in left}
    shown = {kind: history.scores[tried == kind].max(initial=0.0) + 0.01 for kind in left}
    rows: list[np.ndarray] = []
    while left and len(rows) < count:
        kind = min(left, key=lambda kind: trials[kind] / shown[kind])
        rows.append(left[kind][0])
        left[kind] = left[kind][1:]
        trials[kind] += 1
        if not len(left[kind]):
            del left[kind]
    return space.stack(rows)
