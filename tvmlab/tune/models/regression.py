"""Boosted trees that learn how fast a candidate is, by least squares: the paper's alternative."""

from __future__ import annotations

from tvmlab.tune.models.boosted_trees import BoostedTrees


class RegressionModel(BoostedTrees):
    """Regression on the scores themselves; predictions have their unit."""

    name = "xgboost-regression"
    unit = "of the fastest speed"
    objective = "reg:squarederror"
