"""The learn pane: exercises, hints, the grader's words, and guesses before a measurement."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Learn(Pane):
    """Draws a `tvmlab.view.schema.LearnView`."""

    stem = "learn"
