"""Kinds of exercises, by name. To add one: its file, its line here, an exercise of it."""

from tvmlab.learn.kind import Kind
from tvmlab.learn.kinds.bisect_step import BisectStep
from tvmlab.learn.kinds.cache_budget import CacheBudget
from tvmlab.learn.kinds.cost_model import CostModel
from tvmlab.learn.kinds.few_measurements import FewMeasurements
from tvmlab.learn.kinds.fewer_steps import FewerSteps
from tvmlab.learn.kinds.match_program import MatchProgram
from tvmlab.learn.kinds.predict_bound import PredictBound
from tvmlab.learn.kinds.predict_faster import PredictFaster
from tvmlab.learn.kinds.reach_speed import ReachSpeed
from tvmlab.learn.kinds.repair import Repair
from tvmlab.learn.kinds.tensorize import Tensorize
from tvmlab.learn.kinds.vectorize import Vectorize

_ALL: tuple[Kind, ...] = (
    Repair(),
    MatchProgram(),
    Vectorize(),
    ReachSpeed(),
    FewerSteps(),
    Tensorize(),
    CacheBudget(),
    PredictBound(),
    PredictFaster(),
    BisectStep(),
    FewMeasurements(),
    CostModel(),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind by name."""

__all__ = ["KINDS", "Kind"]
