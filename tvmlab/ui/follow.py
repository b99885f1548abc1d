"""Which schedule or lab of a notebook was touched last: found among its variables after a cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tvmlab.schedule import Schedule, State
from tvmlab.ui.lab import Lab

OUTPUT = re.compile(r"_(\d+)")


class Touched(NamedTuple):
    """What was touched, and how the notebook calls it."""

    name: str
    value: Schedule | Lab


class Follower:
    """Remembers where every schedule and lab stood, so that the next look sees which one moved.

    Attributes:
        found: all that the last look found.
    """

    def __init__(self) -> None:
        self.found: list[Touched] = []
        self._stood: dict[int, State] = {}

    def note(self, value: Schedule | Lab) -> None:
        """Take where `value` stands as seen."""
        self._stood[id(value)] = _state(value)

    def look(self, variables: Mapping[str, Any]) -> Touched | None:
        """The one that is new or moved since the last look; None where none did.

        Of several it is the last that the notebook defined, for that is the one being worked on; a
        variable comes before an output without a name.
        """
        found: dict[int, Touched] = {}
        for name, value in list(variables.items()):
            if not isinstance(value, Schedule | Lab):
                continue
            output = OUTPUT.fullmatch(name)
            if output is None and name.startswith("_"):
                continue  # what IPython calls the last few outputs
            known = found.get(id(value))
            if known is None or (known.name.startswith("Out[") and output is None):
                shown = f"Out[{output[1]}]" if output is not None else name
                found[id(value)] = Touched(shown, value)
        stands = {key: _state(touched.value) for key, touched in found.items()}
        moved = [found[k] for k, state in stands.items() if self._stood.get(k) is not state]
        self._stood, self.found = stands, list(found.values())
        moved.sort(key=lambda touched: not touched.name.startswith("Out["))
        return moved[-1] if moved else None


def _state(value: Schedule | Lab) -> State:
    return value.view.state if isinstance(value, Lab) else value.state
