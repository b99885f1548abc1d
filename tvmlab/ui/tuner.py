"""The tuner pane: a run's controls, its clock, and live charts fed by deltas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.ui.pane import Ask, Pane
from tvmlab.view.tuning_news import Sent


class Tuner(Pane):
    """Draws a `tvmlab.view.schema.TunerView`; trials arrive as messages, each point sent once.

    Attributes:
        sent: what the browser has of the runs.
    """

    stem = "tuner"
    is_heavy = True

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        super().__init__(ask, state)
        self.sent = Sent()

    def tell(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Send the browser what it lacked."""
        for message in messages:
            self.send(message)
