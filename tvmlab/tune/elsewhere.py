"""Places of a batch for the structures tried least, once a search finds nothing better.

A model that has settled in one structure of a space (see `Space.structures`) knows little of the
others but what was drawn of them by chance, which is seldom their best; so it goes on with what is
familiar although nothing better comes of it, even where the best so far was of another. As in a
bandit, what was tried least for the speed that it has shown is then tried more.
"""

from __future__ import annotations

import numpy as np

from tvmlab.tune.annealing import Score
from tvmlab.tune.explorer import History
from tvmlab.tune.space import Space

SHARE = 1 / 4
"""Of a batch, while the search is stuck."""

WAIT = 16
"""Trials without a better one, two of the smallest batches, after which a search is stuck."""

BETTER = 1.02
"""What is faster by less than this may be luck."""

DRAWN = 2048
"""Configurations that the model chooses from."""

SHOWN = 0.01
"""The speed of a structure that has shown less, or nothing, relative to the best."""


def places_elsewhere(space: Space, count: int, history: History) -> int:
    """How many of `count` candidates should be of the structures tried least; none where there is
    one only."""
    if space.structures == 1:
        return 0
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
    """Up to `count` configurations not in `seen`, each of the structure that was tried least for
    its speed, the one that `score` likes best among many that are drawn: (m, knobs) digits."""
    drawn = space.draw_new(DRAWN, rng, seen)
    kinds, tried = space.structure_of(drawn), space.structure_of(history.digits)
    order = np.argsort(-score(drawn), kind="stable")
    left = {k: list(drawn[order[kinds[order] == k]][:count]) for k in np.unique(kinds).tolist()}
    trials = {kind: int((tried == kind).sum()) for kind in left}
    shown = {kind: history.scores[tried == kind].max(initial=SHOWN) for kind in left}
    rows: list[np.ndarray] = []
    while left and len(rows) < count:
        kind = min(left, key=lambda kind: trials[kind] / shown[kind])
        rows.append(left[kind].pop(0))
        trials[kind] += 1
        if not left[kind]:
            del left[kind]
    return space.stack(rows)
