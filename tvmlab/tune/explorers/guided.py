"""Model-guided search by simulated annealing: AutoTVM's, and the default."""

from __future__ import annotations

from tvmlab.tune.annealing import Annealer
from tvmlab.tune.model_guided import ModelGuided


class GuidedExplorer(ModelGuided):
    """What the model ranks highest, found by annealing."""

    name = "model"
    searcher = Annealer
