"""The code pane: LLVM IR and assembly of the program, made when looked at."""

from __future__ import annotations

from tvmlab.ui.pane import Pane


class Code(Pane):
    """Draws a `tvmlab.view.schema.CodeView`."""

    stem = "code"
