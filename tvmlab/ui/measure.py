"""The measure pane: one button, its result, and the results before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ui.pane import Ask, Pane


class Measure(Pane):
    """Draws a `tvmlab.view.schema.MeasureView`."""

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        super().__init__("measure", ask, state)
