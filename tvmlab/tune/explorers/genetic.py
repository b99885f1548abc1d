"""A genetic algorithm on knobs: what AutoTVM's paper compares its model with (section 6).

Parents are drawn from the best configurations measured, the faster the likelier; a child takes each
knob from either parent and changes it with a small probability. The numbers are those of AutoTVM's
code (v0.10, `GATuner`), but for the population: everything measured so far competes to be in it,
so that no measurement is forgotten between generations.
"""

from __future__ import annotations

import numpy as np

from tvmlab.tune.explorer import History, Proposal
from tvmlab.tune.space import Space

POPULATION = 100
"""The best so many are parents."""

MUTATION = 0.1
"""The probability that a child's knob is drawn anew."""

ATTEMPTS = 10
"""Generations bred for one batch, before what is still missing is drawn at random."""


class GeneticExplorer:
    """Breeds what was fast: crossover by knob, and mutation."""

    name = "genetic"

    def __init__(self, space: Space, seed: int = 0) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)

    def observe(self, history: History) -> None:
        """Learn nothing: the parents are in the history."""

    def propose(self, count: int, history: History) -> list[Proposal]:
        """Up to `count` new children of what was measured; drawn where there are no parents."""
        rows: list[np.ndarray] = []
        taken = set(history.seen)
        for _ in range(ATTEMPTS if history.scores.any() else 0):
            children = self._children(count, history)
            for index, child in zip(self._space.indices(children), children, strict=True):
                if index not in taken and len(rows) < count:
                    taken.add(index)
                    rows.append(child)
        drawn = self._space.draw_new(count - len(rows), self._rng, taken)
        return [Proposal(row, None) for row in (*rows, *drawn)]

    def _children(self, count: int, history: History) -> np.ndarray:
        """(count, knobs) digits, each of two parents drawn by their scores."""
        best = np.argsort(-history.scores, kind="stable")[:POPULATION]
        odds = history.scores[best] / history.scores[best].sum()
        pairs = self._rng.choice(best, size=(2, count), p=odds)
        mother, father = history.digits[pairs]
        children = self._space.crossed(mother, father, self._rng)
        mutants = self._rng.random(mother.shape) < MUTATION
        return self._space.settled(np.where(mutants, self._space.draw(count, self._rng), children))
