"""The tuner pane: a run's controls, its clock, and live charts fed by deltas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.ui.pane import Ask, Pane


class Tuner(Pane):
    """Draws a `tvmlab.view.schema.TunerView`; its trials arrive as points, each sent once."""

    stem = "tuner"
    is_heavy = True

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        super().__init__(ask, state)
        self._run = 0
        self.sent = 0

    def first_unsent(self, run: int) -> int:
        """The position of the first point of `run` that the browser does not have."""
        if run != self._run:
            self._run, self.sent = run, 0
        return self.sent

    def send_points(self, run: int, start: int, points: Sequence[Any]) -> None:
        """Send the points of `run` that begin at position `start`."""
        if points:
            self.send({"kind": "points", "run": run, "from": start, "points": list(points)})
        self.sent = max(self.sent, start + len(points))
