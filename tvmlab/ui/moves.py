"""The moves pane: what can be done at the selected loop, and the line it would write."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Moves(Pane):
    """Draws a `tvmlab.view.schema.MovesView`."""

    stem = "moves"
