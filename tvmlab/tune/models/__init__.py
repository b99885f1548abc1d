"""Cost models, by name. To add one: its file, its line here, its test."""

from collections.abc import Callable

from tvmlab.tune.models.calibration import Calibration
from tvmlab.tune.models.model import Model
from tvmlab.tune.models.random import RandomModel
from tvmlab.tune.models.ranking import RankingModel
from tvmlab.tune.models.regression import RegressionModel
from tvmlab.tune.models.ridge import RidgeModel
from tvmlab.tune.models.tree_gru import TreeGRU

_ALL = (RankingModel, RegressionModel, RidgeModel, TreeGRU, RandomModel)

MODELS: dict[str, Callable[[int], Model]] = {model.name: model for model in _ALL}
"""Model name -> class; each takes a seed."""

__all__ = ["MODELS", "Calibration", "Model", "RankingModel"]
