"""The trace pane: the schedule as editable Python, with undo and redo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ui.pane import Ask, Pane


class Trace(Pane):
    """Draws a `tvmlab.view.schema.TraceView`."""

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        super().__init__("trace", ask, state)
