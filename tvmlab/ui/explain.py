"""The explain pane: what binds the program, in words, and how another machine would run it."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Explain(Pane):
    """Draws a `tvmlab.view.schema.ExplainView`."""

    stem = "explain"
