"""The program pane: IR text with selectable loops and the marks of the last step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ui.pane import Ask, Pane


class Program(Pane):
    """Draws a `tvmlab.view.schema.ProgramView`."""

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        super().__init__("program", ask, state)
