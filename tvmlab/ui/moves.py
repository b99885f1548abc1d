"""The moves pane: what can be done at the selected loop, and the line it would write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ui.pane import Ask, Pane


class Moves(Pane):
    """Draws a `tvmlab.view.schema.MovesView`."""

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        super().__init__("moves", ask, state)
