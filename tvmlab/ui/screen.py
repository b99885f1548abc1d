"""What a lab is drawn on: the widgets below a cell, or a panel docked beside the notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tvmlab.view.schema import Snapshot
from tvmlab.view.tuning_news import Sent


class Asking(Protocol):
    """Whoever asks a lab for something; what goes wrong is put into `problem`, to be shown."""

    problem: Any


class Screen(Asking, Protocol):
    """A place that shows the panes of a lab.

    Attributes:
        sent: what its tuner's pane has of the runs.
    """

    sent: Sent

    def show(self, snapshot: Snapshot) -> None:
        """Draw what changed."""

    def looks_at(self, stem: str) -> bool:
        """Whether the pane of this name is before the user's eyes."""

    def tell(self, news: Sequence[Mapping[str, Any]]) -> None:
        """Hand the tuner's pane what it lacks."""
