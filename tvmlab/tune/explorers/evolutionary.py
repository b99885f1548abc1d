"""Model-guided search by evolution: Ansor's, for spaces whose decisions hang together."""

from __future__ import annotations

from tvmlab.tune.evolution import Evolution
from tvmlab.tune.model_guided import ModelGuided


class EvolutionaryExplorer(ModelGuided):
    """What the model ranks highest among the descendants of what was measured fastest."""

    name = "evolutionary"
    searcher = Evolution
