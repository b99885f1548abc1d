"""Vectorize: every block in lanes, and the lanes side by side in memory."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.schedule.cautions.scattered_lanes import scattered_lanes
from tvmlab.schedule.find import sites


class Vectorize(Kind):
    """Every block has a vectorized loop, and none touches memory at scattered places."""

    name = "vectorize"
    title = "Vectorize without scattered lanes"

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """Right, in lanes, and the lanes together."""
        goal_of(paper.exercise, self.goal)
        program = paper.state.program
        plain = [
            site.block.name
            for site in sites(program)
            if all(loop.kind != "vectorized" for loop in site.loops)
        ]
        scattered = list(scattered_lanes(program))
        return (
            paper.right(0.4),
            Mark(
                "every block in lanes",
                float(not plain),
                0.3,
                f"no loop of {', '.join(plain)} is vectorized" if plain else "each has a vector",
            ),
            Mark(
                "lanes side by side",
                float(not scattered and not plain),
                0.3,
                str(scattered[0]) if scattered else "no two neighbouring lanes stand apart",
            ),
        )
