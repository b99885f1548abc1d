"""Model-guided search: a cost model ranks the space, and a search by it finds what it likes best.

A batch holds the configurations the model scores highest, plus a share `EPSILON` drawn at random
so that the model also sees what it thinks little of (AutoTVM, paper section 3.3). Until enough is
measured to learn from, all are drawn at random, without a prediction: a model that has seen a
handful keeps to the first corner that looks good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from tvmlab.tune.annealing import Score
from tvmlab.tune.diversity import diverse
from tvmlab.tune.elsewhere import elsewhere, places_elsewhere
from tvmlab.tune.explanation import Explanation
from tvmlab.tune.explorer import History, Proposal
from tvmlab.tune.features import FEATURES, KnobFeatures
from tvmlab.tune.importance import Explained, importances, reasons
from tvmlab.tune.models import MODELS, Calibration, Model
from tvmlab.tune.models.transferred import Prior, TransferredModel
from tvmlab.tune.space import Space

EPSILON = 0.05
"""Share of each batch drawn at random; about what the paper uses."""

ENOUGH = 4
"""Different scores needed before a model is fitted."""

BEGINNING = 16
"""Trials before the first fit, where nothing is known from elsewhere: two of the smallest batches.
On recorded spaces, 8 typically take a third more trials to come near the best, 32 a half more."""

LONGER = 4
"""Favourites among which a diverse batch is chosen, for each of its places. The paper's lambda,
for which it gives no number. As many are looked at closely where features are slow."""


class Searcher(Protocol):
    """Looks through a space for what a score likes.

    Attributes:
        restarts: how many of the fastest configurations measured it wants to begin at.
    """

    restarts: int

    def restart_at(self, digits: np.ndarray) -> None:
        """Begin at the rows of `digits` (n, knobs), the fastest first."""

    def search(self, score: Score, count: int, seen: frozenset[int]) -> np.ndarray:
        """Up to `count` different configurations not in `seen` with the highest scores met, best
        first: (m, knobs) digits."""


class ModelGuided:
    """Proposes what its model ranks highest among what is not yet seen.

    Subclasses say by which `searcher` a large space is looked through. Where a look at a
    candidate's features takes milliseconds, it follows a second model of the same kind that sees
    knobs alone, tens of thousands a second; what that likes best is then judged by the first.

    Args:
        model: the name of the cost model.
        diversity: what an option no candidate of the batch has yet is worth, in spreads of the
            favourites' scores; 0 asks for the highest scores alone, as AutoTVM's code does.
        features: the name of what the model sees of a candidate.
        prior: what is known of such candidates before the first is measured.

    Attributes:
        whole: spaces up to this size are scored whole: that is cheaper than a search, and misses
            nothing.
    """

    name: str
    searcher: Callable[[Space, np.random.Generator], Searcher]
    whole = 4096
    default_model = "xgboost-rank"
    default_features = "knob"

    def __init__(
        self,
        space: Space,
        seed: int = 0,
        model: str = default_model,
        diversity: float = 0.0,
        features: str = default_features,
        prior: Prior | None = None,
    ) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._features = FEATURES[features](space)
        self._model: Model = MODELS[model](seed)
        self._beginning = BEGINNING
        if prior is not None:
            self._beginning = ENOUGH
            self._model = TransferredModel(self._model, prior)
        self._knobs = KnobFeatures(space)
        self._scout: Model | None = MODELS[model](seed) if self._features.is_slow else None
        self._has_learnt = False
        self._search = type(self).searcher(space, self._rng)
        self._diversity = diversity
        self._calibration: Calibration | None = None if prior is None else prior.calibration
        self._explanation: Explanation | None = None

    @property
    def explanation(self) -> Explanation | None:
        """What the model goes by since it learnt last, where its kind can say."""
        return self._explanation

    def observe(self, history: History) -> None:
        """Refit the model to everything measured, and begin at the best of it."""
        if len(history.scores) < self._beginning or len(np.unique(history.scores)) < ENOUGH:
            return
        features = self._features(history.digits)
        self._model.fit(features, history.scores)
        self._calibration = Calibration(self._model.predict(features), history.scores)
        self._has_learnt = True
        self._explanation = self._explained(features, history.scores)
        if self._scout is not None:
            self._scout.fit(self._knobs(history.digits), history.scores)
        if self._space.size > self.whole:
            best = np.argsort(-history.scores, kind="stable")[: self._search.restarts]
            self._search.restart_at(history.digits[best])

    def propose(self, count: int, history: History) -> list[Proposal]:
        """Up to `count` new configurations, those the model chose first, each with the score the
        model expects of it (relative to the best so far) once there is a model."""
        chosen = np.empty((0, len(self._space.knobs)), dtype=np.int64)
        wanted = count - self._random_share(count)
        if self._calibration is not None and wanted > 0:
            chosen = self._chosen_for(wanted, history)
        seen = history.seen | frozenset(self._space.indices(chosen))
        drawn = self._space.draw_new(count - len(chosen), self._rng, seen)
        rows = np.concatenate([chosen, drawn])
        return [Proposal(*pair) for pair in zip(rows, self._expected(rows), strict=True)]

    def _chosen_for(self, count: int, history: History) -> np.ndarray:
        """Up to `count` of the model's favourites; some of other structures where it is stuck."""
        others = places_elsewhere(self._space, count, history) if self._has_learnt else 0
        chosen = self._chosen(count - others, history.seen)
        if not others:
            return chosen
        seen = history.seen | frozenset(self._space.indices(chosen))
        more = elsewhere(self._space, others, history, self._glance, seen, self._rng)
        return np.concatenate([chosen, more])

    def _explained(self, features: np.ndarray, scores: np.ndarray) -> Explanation | None:
        if not isinstance(self._model, Explained):
            return None
        columns, best = self._features.columns, int(scores.argmax())
        weights = importances(self._model, columns)
        return Explanation(
            len(scores), best, weights, reasons(self._model, columns, features[best])
        )

    def _random_share(self, count: int) -> int:
        """How many of `count` are drawn: EPSILON of them on average, whatever the batch size."""
        return int(self._rng.binomial(count, EPSILON))

    def _chosen(self, count: int, seen: frozenset[int]) -> np.ndarray:
        """Up to `count` of the model's favourites, unlike each other where that is asked for."""
        if self._scout is None and not self._diversity:
            return self._favourites(count, seen)
        rows = self._favourites(LONGER * count, seen)
        chosen: np.ndarray = rows[diverse(rows, self._score(rows), count, self._diversity)]
        return chosen

    def _favourites(self, count: int, seen: frozenset[int]) -> np.ndarray:
        """Up to `count` unseen configurations with the highest scores at a glance, best first; any
        where what they show at a glance says nothing yet."""
        if self._scout is not None and not self._has_learnt:
            return self._space.draw_new(count, self._rng, seen)
        if self._space.size > self.whole:
            return self._search.search(self._glance, count, seen)
        everything = self._space.everything()
        # Trees score many alike, what differs in a knob that seems not to matter above all: of
        # those any is as good, and the first few of the space would be too much like each other.
        order = np.lexsort((self._rng.random(len(everything)), -self._glance(everything)))
        unseen = [index for index in order.tolist() if index not in seen]
        return everything[unseen[:count]]

    def _glance(self, digits: np.ndarray) -> np.ndarray:
        """Scores that cost microseconds each."""
        if self._scout is None:
            return self._score(digits)
        return self._scout.predict(self._knobs(digits))

    def _score(self, digits: np.ndarray) -> np.ndarray:
        return self._model.predict(self._features(digits))

    def _expected(self, digits: np.ndarray) -> list[float | None]:
        if self._calibration is None or not len(digits):
            return [None] * len(digits)
        expected: list[float | None] = self._calibration(self._score(digits)).tolist()
        return expected
