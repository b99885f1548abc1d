"""Evolution on a cost model: a population that mutates and crosses, the best of it kept.

As in Ansor (Zheng et al. 2020, section 5.1; code `sketch_policy.cc`): 2048 individuals for 4
generations; parents are drawn by their scores; a child is a mutant of one parent, with a
probability of 0.85, or else takes each decision from either of two. What was measured fastest is a
fifth of the population at the beginning and stays in every generation; the rest is drawn.
"""

from __future__ import annotations

import numpy as np

from tvmlab.tune.annealing import Best, Score
from tvmlab.tune.space import Space

POPULATION = 2048
GENERATIONS = 4
MUTATION = 0.85
MEASURED = 0.2


class Evolution:
    """Generations of configurations of `space`; each search begins with a new population.

    Attributes:
        restarts: how many of the fastest configurations measured it begins with.
    """

    restarts = int(POPULATION * MEASURED)

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        *,
        population: int = POPULATION,
        generations: int = GENERATIONS,
    ) -> None:
        self._space = space
        self._rng = rng
        self._population = population
        self._generations = generations
        self._measured = space.stack([])

    def restart_at(self, digits: np.ndarray) -> None:
        """Keep the rows of `digits` (n, knobs) in the population."""
        self._measured = digits[: self._population]

    def search(self, score: Score, count: int, seen: frozenset[int]) -> np.ndarray:
        """Up to `count` different configurations not in `seen` with the highest scores met, best
        first: (m, knobs) digits."""
        best = Best(count, seen, self._rng)
        kept = self._measured
        drawn = self._space.draw(self._population - len(kept), self._rng)
        living = np.concatenate([kept, drawn])
        for generation in range(self._generations + 1):
            scores = score(living)
            best.meet(living, scores, self._space.indices(living))
            if generation < self._generations:
                children = self._children(living, scores, self._population - len(kept))
                living = np.concatenate([kept, children])
        return self._space.stack(best.rows())

    def _children(self, living: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
        """(count, knobs) digits of mutants and of crossings."""
        # A model's scores have no zero; their spread says how much better a parent is.
        spread = float(scores.std())
        odds = np.exp((scores - scores.max()) / spread) if spread > 0 else np.ones(len(scores))
        mothers, fathers = living[
            self._rng.choice(len(living), size=(2, count), p=odds / odds.sum())
        ]
        mutants = self._space.neighbours(mothers, self._rng)
        crossed = self._space.crossed(mothers, fathers, self._rng)
        mutates = self._rng.random(count) < MUTATION
        return np.where(mutates[:, None], mutants, crossed)
