"""Boosted trees that learn which of two candidates is faster: AutoTVM's default."""

from __future__ import annotations

from tvmlab.tune.models.boosted_trees import BoostedTrees


class RankingModel(BoostedTrees):
    """Pairwise ranking; predictions have no unit, only an order."""

    name = "xgboost-rank"
    unit = "points of its ranking"
    objective = "rank:pairwise"
