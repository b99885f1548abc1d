"""The code pane: LLVM IR and assembly of the program, made when looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ui.pane import Ask, Pane


class Code(Pane):
    """Draws a `tvmlab.view.schema.CodeView`."""

    def __init__(self, ask: Ask, state: Mapping[str, Any]) -> None:
        super().__init__("code", ask, state)
