"""Where the panes of a lab stand: the program left, moves and trace beside it, the rest below.

The measures are in `extension/src/lab.css`; here are only the boxes that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import ipywidgets

from tvmlab.ui.branches import Branches
from tvmlab.ui.code import Code
from tvmlab.ui.explain import Explain
from tvmlab.ui.gpu import Gpu
from tvmlab.ui.learn import Learn
from tvmlab.ui.locality import Locality
from tvmlab.ui.measure import Measure
from tvmlab.ui.moves import Moves
from tvmlab.ui.pane import Ask, Pane
from tvmlab.ui.program import Program
from tvmlab.ui.subshell import keep_subshell
from tvmlab.ui.trace import Trace
from tvmlab.ui.tuner import Tuner
from tvmlab.view.schema import Snapshot

FIXED: tuple[type[Pane], ...] = (Program, Moves, Trace)
"""The panes that are always there."""

TABS: Mapping[str, type[Pane]] = {
    "Code": Code,
    "Explain": Explain,
    "Measure": Measure,
    "Locality": Locality,
    "GPU": Gpu,
    "Branches": Branches,
    "Tune": Tuner,
    "Learn": Learn,
}
"""The panes that share the space below, by the titles of their tabs."""

P = TypeVar("P", bound=Pane)


class Layout:
    """The widgets of one lab. A heavy pane behind a tab is made when the tab is first opened.

    Args:
        ask: takes the requests of the panes.
        opened: gives the snapshot that a pane made now begins with.
        refresh: has everything in sight drawn, soon.
        marker: the CSS class by which the lab is told from others of the page.
    """

    def __init__(
        self,
        ask: Ask,
        opened: Callable[[], Snapshot],
        refresh: Callable[[], None],
        marker: str,
    ) -> None:
        self._ask = ask
        self._opened = opened
        self._refresh = refresh
        self._panes: dict[type[Pane], Pane] = {}
        first = opened()
        fixed = [self._make(kind, first) for kind in FIXED]
        shared = [ipywidgets.Box() if k.is_heavy else self._make(k, first) for k in TABS.values()]
        self.tabs = ipywidgets.Tab(children=shared, titles=list(TABS), selected_index=0)
        self.tabs.add_class("tvmlab-lower")
        keep_subshell(self.tabs)
        grid = ipywidgets.Box([*fixed, self.tabs])
        grid.add_class("tvmlab-grid")
        self.root = ipywidgets.Box([grid])
        self.root.add_class("tvmlab-lab")
        self.root.add_class(f"{marker}-live")
        self.tabs.observe(self._on_tab, names="selected_index")

    def _make(self, kind: type[Pane], snapshot: Snapshot) -> Pane:
        state = cast(Mapping[str, Any], snapshot)[kind.stem]
        self._panes[kind] = kind(self._ask, state)
        return self._panes[kind]

    def _on_tab(self, change: dict[str, object]) -> None:
        kind, index = self._in_front(), self.tabs.selected_index
        if kind is not None and kind not in self._panes:
            children = list(self.tabs.children)
            children[index] = self._make(kind, self._opened())
            self.tabs.children = children
        self._refresh()

    def _in_front(self) -> type[Pane] | None:
        index = self.tabs.selected_index
        return None if index is None else list(TABS.values())[index]

    def shows(self, kind: type[Pane]) -> bool:
        """Whether the tab of `kind` is the one in front."""
        return self._in_front() is kind

    def pane(self, kind: type[P]) -> P | None:
        """The pane of a kind, if it was made."""
        return cast("P | None", self._panes.get(kind))

    def open(self, kind: type[P]) -> P:
        """Bring the tab of `kind` to the front."""
        self.tabs.selected_index = list(TABS.values()).index(kind)
        return cast(P, self._panes[kind])

    def show(self, snapshot: Mapping[str, Any]) -> None:
        """Draw the panes in sight; those whose part of `snapshot` did not change are left alone.

        A pane that is drawn anew delays the frame in which all are painted, so those behind other
        tabs wait for `show_behind`. The moves, which take longest to list, come last.
        """
        for kind in (Program, Trace, self._in_front(), Moves):
            pane = self._panes.get(kind) if kind is not None else None
            if pane is not None:
                pane.show(snapshot[pane.stem])

    def show_behind(self, snapshot: Mapping[str, Any]) -> None:
        """Draw all panes, those that nobody sees as well."""
        for pane in list(self._panes.values()):
            pane.show(snapshot[pane.stem])
