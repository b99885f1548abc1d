"""What every pane is: a bundled ES module that draws plain state and sends requests back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from tvmlab.ui import bundle
from tvmlab.ui.subshell import keep_subshell
from tvmlab.view.told import Told

Ask = Callable[["Pane", Mapping[str, Any]], None]
"""Takes a request of a pane; must return at once, for all widgets share one thread."""


def _packed(message: Mapping[str, Any], _: object) -> str:
    """A message as it travels: in one string, for ipywidgets and ipykernel each walk through all
    that is not one, item by item, which takes longer than to draw it."""
    return json.dumps(message, allow_nan=False)


class Pane(anywidget.AnyWidget):
    """A pane of the lab.

    `news` says what makes the state to draw of the one before (see `tvmlab.view.told`); a browser
    that has not that one asks for the `whole`. Requests and the deltas of runs travel as messages,
    because a trait set to the value it has would send nothing.

    Attributes:
        stem: the name of its ES module, which is also its key in a snapshot.
        is_heavy: whether its module is so large that a lab begins without it.
    """

    stem: ClassVar[str]
    is_heavy: ClassVar[bool] = False

    news = traitlets.Dict().tag(sync=True, to_json=_packed)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        self._ask = ask
        self._told = Told()
        self._telling = threading.Lock()
        self._esm = bundle.module(self.stem)
        self._css = bundle.style(self.stem)
        # Its place in the grid comes with it: a class that follows moves what is drawn already.
        super().__init__(news=self._told.next(state), _dom_classes=(f"tvmlab-{self.stem}",))
        self.on_msg(self._on_message)
        keep_subshell(self)

    @property
    def state(self) -> Mapping[str, Any]:
        """What is drawn."""
        return self._told.state

    @property
    def seq(self) -> int:
        """How often it was drawn anew."""
        return self._told.seq

    def show(self, state: Mapping[str, Any]) -> None:
        """Draw `state`, unless it is what is drawn already."""
        with self._telling:
            news = self._told.next(state)
            if news is not None:
                self.news = news

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """As of every widget; a page that asks for all of it has nothing yet to go on from."""
        state = super().get_state(key, drop_defaults)
        if key is None and self.news.get("base") is not None:
            with self._telling:
                state["news"] = _packed(self._told.whole(), self)
        return state

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, Mapping):
            return
        if content.get("intent") == "whole":
            with self._telling:
                self.news = self._told.whole()
        else:
            self._ask(self, content)
