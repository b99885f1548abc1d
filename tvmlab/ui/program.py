"""The program pane: IR text with selectable loops and the marks of the last step."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Program(Pane):
    """Draws a `tvmlab.view.schema.ProgramView`."""

    stem = "program"
