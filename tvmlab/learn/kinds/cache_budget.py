"""A budget of bytes: loops ordered and cut so that a cache is filled seldom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.learn.traffic import traffic_of


class CacheBudget(Kind):
    """A cache of `cache_bytes` takes in at most `traffic_bytes`, derived from the loops."""

    name = "cache_budget"
    title = "Fit into a cache"
    goal: ClassVar[Mapping[str, type]] = {"cache_bytes": int, "traffic_bytes": int}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """Right, and within the budget; partial points by how far above it."""
        goal = goal_of(paper.exercise, self.goal)
        found = traffic_of(paper.state.program, goal["cache_bytes"])
        most = goal["traffic_bytes"]
        share = 1.0 if found.size_bytes <= most else most / found.size_bytes
        words = f"{found.words}; the budget is {most:,} bytes"
        return (paper.right(0.3), Mark("traffic within the budget", share, 0.7, words))
