"""Generated code as a lab shows it: one text at a time, made on demand, marked when it is old."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tvmlab.schedule import State
from tvmlab.view.engine import LinkedLines
from tvmlab.view.latest import Latest
from tvmlab.view.schema import CodeKind, CodeLoop, CodeView

VECTORS = (("zmm", 512), ("ymm", 256), ("xmm", 128))
"""x86 vector registers by their prefix in assembly, and their width in bits."""

MOST_LOOPS = 3
"""Loops of which something is said: where the time goes, not an inventory."""


class Code:
    """The latest text, and which request it answers."""

    def __init__(self, kinds: Sequence[CodeKind]) -> None:
        self._kinds = list(kinds)
        self.kind = self._kinds[0]["kind"] if self._kinds else ""
        self._latest = Latest()
        self._state: State | None = None
        self._text = ""
        self._origins: list[int] = []
        self._loops: list[CodeLoop] = []
        self._reason = ""

    def knows(self, kind: str) -> bool:
        """Whether the target can show `kind`."""
        return any(k["kind"] == kind for k in self._kinds)

    def begin(self, kind: str) -> int:
        """Note that text of `kind` is being made; the ticket to settle it with."""
        if kind != self.kind:
            self._text, self._origins, self._loops = "", [], []
            self._state, self._reason = None, ""
        self.kind = kind
        return self._latest.ask()

    def settle(
        self,
        ticket: int,
        state: State,
        lines: LinkedLines,
        reason: str,
        loops: Sequence[CodeLoop] = (),
    ) -> None:
        """Take the lines for `state`, or the reason there are none, unless asked again since."""
        if not self._latest.settle(ticket):
            return
        self._state, self._reason = state, reason
        self._text = "\n".join(text for text, _ in lines)
        self._origins = [origin for _, origin in lines]
        self._loops = list(loops[:MOST_LOOPS])

    def view(self, current: State) -> CodeView:
        """The text as plain data; `current` is the state now shown."""
        return {
            "kinds": self._kinds,
            "kind": self.kind,
            "status": self._latest.status(self._reason, self._state is not None),  # type: ignore[typeddict-item]
            "text": self._text,
            "origins": self._origins,
            "facts": code_facts(self._text, self.kind) if self._text else "",
            "loops": self._loops,
            "reason": self._reason,
            "is_stale": self._state is not None and self._state is not current,
        }


def code_facts(text: str, kind: str) -> str:
    """What can be counted in a text: its lines, and in assembly its vector arithmetic."""
    facts = [f"{len(text.splitlines()):,} lines"]
    if kind == "asm":
        multiply_adds = len(re.findall(r"^\s*vfn?m(?:add|sub)\d*[ps][sd]", text, re.MULTILINE))
        if multiply_adds:
            facts.append(f"{multiply_adds} fused multiply-adds")
        widest = next((bits for name, bits in VECTORS if f"%{name}" in text), 0)
        facts.append(f"vectors of {widest} bits" if widest else "no vector registers")
    return " · ".join(facts)
