"""Gradient-boosted trees over features of candidates (XGBoost).

The parameters are those of AutoTVM's code (v0.10, `XGBoostCostModel`); only the number of trees is
ours: with tens to hundreds of examples, 64 trees of depth 3 fit in well under a tenth of a second
and order unseen candidates as well as more do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

PARAMETERS = {
    "max_depth": 3,
    "gamma": 1e-4,
    "min_child_weight": 1,
    "subsample": 1.0,
    "eta": 0.3,
    "lambda": 1.0,
    "alpha": 0.0,
}
"""As in AutoTVM's code; see the module's text."""

TREES = 64

THREADS = 1
"""Of the tables of data too, for which XGBoost would take a thread of every core by itself."""


class BoostedTrees:
    """Boosted trees for one `objective` of XGBoost.

    One thread fits and predicts: the data is small, results are then equal on every machine, and
    the other cores stay free to measure.
    """

    objective: str

    def __init__(self, seed: int = 0, trees: int = TREES) -> None:
        self._seed = seed
        self._trees = trees
        self._booster: Any = None

    def fit(
        self,
        features: np.ndarray,
        scores: np.ndarray,
        *,
        groups: Sequence[int] = (),
        base: np.ndarray | None = None,
    ) -> None:
        """Learn from (n, f) features and (n,) scores, with `base` as what boosting begins with."""
        # XGBoost takes most of a second to import: here, so that a run that only samples, and the
        # first batch of one that learns, never wait for it.
        import xgboost

        data = xgboost.DMatrix(features, label=scores, base_margin=base, nthread=THREADS)
        if self.objective.startswith("rank:"):
            data.set_group(list(groups) or [len(scores)])
        parameters = PARAMETERS | {
            "objective": self.objective, "seed": self._seed, "nthread": THREADS, "verbosity": 0,
        }  # fmt: skip
        self._booster = xgboost.train(parameters, data, num_boost_round=self._trees)

    def predict(self, features: np.ndarray, base: np.ndarray | None = None) -> np.ndarray:
        """(n,) float64; `base` or zeros before the first `fit`."""
        if self._booster is None or not len(features):
            return np.zeros(len(features)) if base is None else base
        predicted = self._booster.inplace_predict(features, base_margin=base)
        return np.asarray(predicted, dtype=np.float64)

    def gains(self, columns: int) -> np.ndarray:
        """(columns,) float64: how much splits on each column have lowered the loss, in all; zeros
        before the first `fit`."""
        found = np.zeros(columns)
        if self._booster is not None:
            # Without names of their own, XGBoost calls its columns f0, f1, ...
            for name, gain in self._booster.get_score(importance_type="total_gain").items():
                found[int(name[1:])] = gain
        return found

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """(n, f + 1) float64: what each column adds to each prediction, as Shapley values
        (Lundberg et al. 2018), the last column being what they start from; rows add up to
        `predict`. Zeros before the first `fit`."""
        if self._booster is None:
            return np.zeros((len(features), features.shape[1] + 1))
        import xgboost

        data = xgboost.DMatrix(features, nthread=THREADS)
        found = self._booster.predict(data, pred_contribs=True)
        return np.asarray(found, dtype=np.float64)
