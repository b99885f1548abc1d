"""The locality pane: what each buffer is touched at, when, and what caches would have held."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Locality(Pane):
    """Draws a `tvmlab.view.schema.LocalityView`; made when its tab is opened, for it asks at once
    for what takes a second."""

    stem = "locality"
    is_heavy = True
