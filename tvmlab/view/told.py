"""What a screen was told of a pane last, and so what it is to be told of the next state.

A message brings the fields that changed; of a list whose entries mostly stay, such as the lines of
a program, the places where it differs. It names the state that it goes on from, so a screen that
has another one, or none, can tell, and asks for the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.view.splices import splices

Message = dict[str, Any]
"""`seq`, the number of the state; `base`, that of the state it goes on from, or None for none;
`fields` by name; `splices` by the name of a list: [at, removed, entries] in the list before."""


class Told:
    """The states told to one screen, of which the last is kept.

    Attributes:
        seq: how many states were told after the first; -1 before it.
        state: the last one.
    """

    def __init__(self) -> None:
        self.seq = -1
        self.state: Mapping[str, Any] = {}

    def next(self, state: Mapping[str, Any]) -> Message | None:
        """What makes `state` of the last one, which it is from now on; None where nothing would.

        Its fields are always the same ones, and what is in them does not change.
        """
        fields: Message = {}
        changed: dict[str, list[Any]] = {}
        for name, value in state.items():
            old = self.state.get(name)
            if name in self.state and (old is value or old == value):
                continue
            places = _places(old, value)
            if places is None:
                fields[name] = value
            else:
                changed[name] = places
        base = self.seq if self.seq >= 0 else None
        if base is not None and not fields and not changed:
            return None
        self.seq, self.state = self.seq + 1, state
        return {"seq": self.seq, "base": base, "fields": fields, "splices": changed}

    def whole(self) -> Message:
        """The last state, for a screen that lost it."""
        return {"seq": self.seq, "base": None, "fields": dict(self.state), "splices": {}}


def _places(before: Any, after: Any) -> list[Any] | None:
    """Where two lists differ; None where that is no less than the new list."""
    if not isinstance(before, list) or not isinstance(after, list):
        return None
    found = splices(before, after)
    if 2 * sum(place.added for place in found) >= len(after):
        return None
    return [[at, removed, after[start : start + added]] for at, removed, start, added in found]
