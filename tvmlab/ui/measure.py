"""The measure pane: one button, its result, and the results before it."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Measure(Pane):
    """Draws a `tvmlab.view.schema.MeasureView`."""

    stem = "measure"
