"""Where the panes of a lab stand: the program left, moves and trace beside it, the rest below.

The measures are in `extension/src/lab.css`; here are only the boxes that it names.
"""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from tvmlab.ui.code import Code
from tvmlab.ui.measure import Measure
from tvmlab.ui.moves import Moves
from tvmlab.ui.pane import Ask
from tvmlab.ui.program import Program
from tvmlab.ui.subshell import keep_subshell
from tvmlab.ui.trace import Trace
from tvmlab.ui.tuner import Tuner
from tvmlab.view.schema import Snapshot

TABS = ("Code", "Measure", "Tune")
TUNE_TAB = TABS.index("Tune")


class Layout:
    """The widgets of one lab. The tuner, whose module holds plotly, is made when first opened."""

    def __init__(
        self, ask: Ask, snapshot: Snapshot, marker: str, opened: Callable[[], Snapshot]
    ) -> None:
        self._ask = ask
        self._opened = opened
        self.tuner: Tuner | None = None
        self.program = Program(ask, snapshot["program"])
        self.moves = Moves(ask, snapshot["moves"])
        self.trace = Trace(ask, snapshot["trace"])
        self.code = Code(ask, snapshot["code"])
        self.measure = Measure(ask, snapshot["measure"])
        self._waiting = ipywidgets.Box()
        self.tabs = ipywidgets.Tab(
            children=[self.code, self.measure, self._waiting], titles=list(TABS), selected_index=0
        )
        self.tabs.add_class("tvmlab-lower")
        keep_subshell(self.tabs)
        grid = ipywidgets.Box([self.program, self.moves, self.trace, self.tabs])
        grid.add_class("tvmlab-grid")
        self.root = ipywidgets.Box([grid])
        self.root.add_class("tvmlab-lab")
        self.root.add_class(f"{marker}-live")
        self.tabs.observe(self._on_tab, names="selected_index")

    def _on_tab(self, change: dict[str, object]) -> None:
        if self.tabs.selected_index == TUNE_TAB and self.tuner is None:
            self.tuner = Tuner(self._ask, self._opened()["tuner"])
            self.tabs.children = [self.code, self.measure, self.tuner]

    @property
    def shows_code(self) -> bool:
        """Whether the code tab is the one in front."""
        return bool(self.tabs.selected_index == TABS.index("Code"))

    def show(self, snapshot: Snapshot) -> None:
        """Draw `snapshot`; panes whose part of it did not change are left alone."""
        self.program.show(snapshot["program"])
        self.moves.show(snapshot["moves"])
        self.trace.show(snapshot["trace"])
        self.code.show(snapshot["code"])
        self.measure.show(snapshot["measure"])
        if self.tuner is not None:
            self.tuner.show(snapshot["tuner"])
