"""The states that one may want to compare a state with."""

from __future__ import annotations

from tvmlab.schedule import State
from tvmlab.view.desk import Desk

MOST_STATES = 12


def compared_states(desk: Desk, state: State) -> dict[State, str]:
    """The pinned state, branches and what was measured by their labels, `state` aside."""
    names: dict[State, str] = {}
    if desk.pinned is not None:
        names[desk.pinned] = f"pinned: {desk.pinned.line or 'the beginning'}"
    for branch in desk.timeline.branches.all:
        if branch.tip.depth:
            names.setdefault(branch.tip, f"{branch.name}: {branch.tip.line}")
    for measured in desk.times:
        names.setdefault(measured, measured.line or "the beginning")
    names.pop(state, None)
    return dict(list(names.items())[: MOST_STATES - 1])
