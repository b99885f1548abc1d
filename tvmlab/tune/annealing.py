"""Simulated annealing on a cost model, many chains at once.

As in AutoTVM (paper section 3.3; code v0.10 `sa_model_optimizer.py`): 128 chains walk the space by
changing one knob at a time, accept a worse score with probability exp(delta / temperature) while
the temperature falls linearly from 1 to 0 in 500 steps, stop after 50 steps without a newcomer
among the best, and keep their places from one call to the next, the model having been refitted in
between. All chains step together: one call of the model scores a whole generation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tvmlab.tune.space import Space

Score = Callable[[np.ndarray], np.ndarray]
"""(n, knobs) digits -> (n,) scores, more is better."""

CHAINS = 128
STEPS = 500
PATIENCE = 50


class Annealer:
    """Chains over `space` whose places persist between calls of `search`.

    Attributes:
        restarts: how many chains are sent to the fastest configurations measured.
    """

    restarts = 8

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        *,
        chains: int = CHAINS,
        steps: int = STEPS,
        patience: int = PATIENCE,
    ) -> None:
        self._space = space
        self._rng = rng
        self._steps = steps
        self._patience = patience
        self._places = space.draw(chains, rng)

    def restart_at(self, digits: np.ndarray) -> None:
        """Move the first chains to the rows of `digits` (n, knobs)."""
        count = min(len(digits), len(self._places))
        self._places[:count] = digits[:count]

    def search(self, score: Score, count: int, seen: frozenset[int]) -> np.ndarray:
        """Up to `count` different configurations not in `seen` with the highest scores met, best
        first: (m, knobs) digits."""
        best = Best(count, seen, self._rng)
        places, rng = self._places, self._rng
        current = score(places)
        best.meet(places, current, self._space.indices(places))
        idle = 0
        for step in range(self._steps):
            moved = self._space.neighbours(places, rng)
            scores = score(moved)
            temperature = 1.0 - step / self._steps
            odds = np.exp(np.minimum((scores - current) / (temperature + 1e-5), 0.0))
            accepted = rng.random(len(odds)) < odds
            places = np.where(accepted[:, None], moved, places)
            current = np.where(accepted, scores, current)
            changed = best.meet(moved, scores, self._space.indices(moved))
            idle = 0 if changed else idle + 1
            if idle >= self._patience:
                break
        self._places = places
        return self._space.stack(best.rows())


class Best:
    """The `count` highest-scored configurations met that are not in `seen`.

    Trees score many alike, what differs in a knob that seems not to matter above all. Of those met
    together any is as good, and chance decides: an order of theirs would keep a search in one
    corner, batch after batch.
    """

    def __init__(self, count: int, seen: frozenset[int], rng: np.random.Generator) -> None:
        self._count = count
        self._seen = seen
        self._rng = rng
        self._found: dict[int, tuple[float, float, np.ndarray]] = {}
        self._floor = -np.inf

    def meet(self, digits: np.ndarray, scores: np.ndarray, indices: list[int]) -> bool:
        """Take in a generation; whether any of it is now among the best."""
        before = frozenset(self._found)
        lots = self._rng.random(len(scores))
        for row in np.flatnonzero(scores > self._floor).tolist():
            index = indices[row]
            if index not in self._seen and index not in self._found:
                self._found[index] = (float(scores[row]), float(lots[row]), digits[row].copy())
        if len(self._found) > self._count:
            self._found = dict(self._ranked()[: self._count])
            self._floor = min(score for score, _, _ in self._found.values())
        return self._found.keys() != before

    def rows(self) -> list[np.ndarray]:
        """The digits of what was kept, best first."""
        return [digits for _, (_, _, digits) in self._ranked()]

    def _ranked(self) -> list[tuple[int, tuple[float, float, np.ndarray]]]:
        return sorted(self._found.items(), key=lambda item: (-item[1][0], item[1][1]))
