"""The trace pane: the schedule as editable Python, with undo and redo."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Trace(Pane):
    """Draws a `tvmlab.view.schema.TraceView`."""

    stem = "trace"
