"""The GPU pane: which thread touches what, how well, and what fits on a multiprocessor."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Gpu(Pane):
    """Draws a `tvmlab.view.schema.GpuView`; made when its tab is opened."""

    stem = "gpu"
    is_heavy = True
