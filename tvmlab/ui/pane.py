"""What every pane is: a bundled ES module that draws plain state and sends requests back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from tvmlab.ui import bundle
from tvmlab.ui.subshell import keep_subshell

Ask = Callable[["Pane", Mapping[str, Any]], None]
"""Takes a request of a pane; must return at once, for all widgets share one thread."""


def _packed(state: Mapping[str, Any], _: object) -> str:
    """A state as it travels: in one string, for ipywidgets and ipykernel each walk through all
    that is not one, item by item, which takes longer than to draw it."""
    return json.dumps(state, allow_nan=False)


class Pane(anywidget.AnyWidget):
    """A pane of the lab.

    `state` and `seq` travel together and the browser redraws on `seq`; requests and deltas travel
    as messages, because a trait set to the value it has would send nothing.

    Attributes:
        stem: the name of its ES module, which is also its key in a snapshot.
        is_heavy: whether its module is so large that a lab begins without it.
    """

    stem: ClassVar[str]
    is_heavy: ClassVar[bool] = False

    state = traitlets.Dict().tag(sync=True, to_json=_packed)
    seq = traitlets.Int(0).tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        self._ask = ask
        self._esm = bundle.module(self.stem)
        self._css = bundle.style(self.stem)
        super().__init__(state=dict(state))
        self.add_class(f"tvmlab-{self.stem}")
        self.on_msg(self._on_message)
        keep_subshell(self)

    def show(self, state: Mapping[str, Any]) -> None:
        """Draw `state`, unless it is what is drawn already."""
        if state == self.state:
            return
        with self.hold_sync():
            self.state = dict(state)
            self.seq += 1

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, Mapping):
            self._ask(self, content)
