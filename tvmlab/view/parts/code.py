"""Generated code, made on demand: the intent that takes as long as a compiler does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.view.arguments import as_text
from tvmlab.view.code import Code
from tvmlab.view.desk import Desk
from tvmlab.view.engine import LinkedLines
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import CodeLoop, CodeView

MOST_FOLLOWED = 2000
"""Lines of a program up to which its code is made anew by itself: of more it takes so long that the
next click would wait for it."""


class CodePart(Part):
    """Shows a `CodeView`."""

    name = "code"
    slow = frozenset({"code"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._code = Code(desk.engine.code_kinds())

    def view(self) -> CodeView:
        """The text made last."""
        state = self.desk.state
        return self._code.view(state, len(self.desk.printed.of(state).lines) <= MOST_FOLLOWED)

    def forget_target(self) -> None:
        """Begin with the kinds of code of the target there is now."""
        self._code = Code(self.desk.engine.code_kinds())

    def intents(self) -> Mapping[str, Handler]:
        """Making code of a kind."""
        return {"code": self._make}

    def _make(self, intent: Intent) -> None:
        desk = self.desk
        with desk.lock:
            kind, state, made = as_text(intent, "kind"), desk.state, self._code
            if not made.knows(kind):
                raise UsageError(f"the target has no code of kind {kind!r}.")
            ticket = made.begin(kind)
        desk.changed()
        lines: LinkedLines = ()
        loops: Sequence[CodeLoop] = ()
        reason = ""
        try:
            lines = desk.engine.code(state, kind)
            loops = desk.engine.code_loops(state, lines) if kind == "asm" else ()
        except TvmlabError as error:
            reason = str(error)
        with desk.lock:
            made.settle(ticket, state, lines, reason, loops)
