"""Generated code as a lab shows it: one text at a time, made on demand, marked when it is old."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tvmlab.schedule import State
from tvmlab.view.engine import LinkedLines
from tvmlab.view.latest import Latest
from tvmlab.view.schema import CodeKind, CodeLoop, CodeView

VECTORS = (("zmm", 512), ("ymm", 256), ("xmm", 128))
"""x86 vector registers by their prefix in assembly, and their width in bits."""

MOST_LOOPS = 3
"""Loops of which something is said: where the time goes, not an inventory."""


REMEMBERED = 16
"""Texts that are kept, so that a state gone back to shows its code with its program."""


@dataclass(frozen=True)
class Text:
    """Code of a state, the line of the program each line comes from, and what is said of both."""

    text: str = ""
    facts: str = ""
    origins: list[int] = field(default_factory=list)
    loops: list[CodeLoop] = field(default_factory=list)


class Code:
    """The latest text, and which request it answers."""

    def __init__(self, kinds: Sequence[CodeKind]) -> None:
        self._kinds = list(kinds)
        self.kind = self._kinds[0]["kind"] if self._kinds else ""
        self._latest = Latest()
        self._state: State | None = None
        self._shown = Text()
        self._known: dict[tuple[State, str], Text] = {}
        self._reason = ""

    def knows(self, kind: str) -> bool:
        """Whether the target can show `kind`."""
        return any(k["kind"] == kind for k in self._kinds)

    def begin(self, kind: str) -> int:
        """Note that text of `kind` is being made; the ticket to settle it with."""
        if kind != self.kind:
            self._state, self._shown, self._reason = None, Text(), ""
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
        text = "\n".join(text for text, _ in lines)
        facts = code_facts(text, self.kind) if text else ""
        origins = [origin for _, origin in lines]
        self._shown = Text(text, facts, origins, list(loops[:MOST_LOOPS]))
        if not reason:
            self._known[state, self.kind] = self._shown
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def view(self, current: State, follows: bool) -> CodeView:
        """The text as plain data; `current` is the state now shown, and `follows` whether text is
        made of it by itself."""
        known = self._known.get((current, self.kind))
        if known is not None and not self._latest.is_working:
            self._state, self._shown, self._reason = current, known, ""
        return {
            "kinds": self._kinds,
            "kind": self.kind,
            "status": self._latest.status(self._reason, self._state is not None),  # type: ignore[typeddict-item]
            "text": self._shown.text,
            "origins": self._shown.origins,
            "facts": self._shown.facts,
            "loops": self._shown.loops,
            "reason": self._reason,
            "is_stale": self._state is not None and self._state is not current,
            "follows": follows,
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
