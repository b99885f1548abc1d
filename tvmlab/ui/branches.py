"""The branches pane: schedules side by side, with their times and the state to compare with."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Branches(Pane):
    """Draws a `tvmlab.view.schema.BranchesView`."""

    stem = "branches"
