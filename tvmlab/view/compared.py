"""The states that one may want to compare a state with, and which of them is the fastest."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping

from tvmlab.analysis.estimate import Estimate
from tvmlab.errors import TvmlabError
from tvmlab.schedule import State
from tvmlab.view.desk import Desk
from tvmlab.view.explanation import shares
from tvmlab.view.schema import ElsewhereView

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


def ranked(
    states: Mapping[State, str],
    shown: State,
    here: Callable[[State], Estimate],
    there: Callable[[State], Estimate],
) -> tuple[list[ElsewhereView], str]:
    """What is told of each state, by its label, here and there; and why nothing of the shown one.

    The fastest there is first. A state of which nothing can be told is left out, for it says
    nothing against the others: the beginning of a schedule for a GPU is bound to no axis.
    """
    rows: list[tuple[State, str, Estimate, Estimate]] = []
    reason = ""
    for state, label in states.items():
        try:
            rows.append((state, label, here(state), there(state)))
        except TvmlabError as error:
            reason = str(error) if state is shown else reason
    rows.sort(key=lambda row: row[3].time_s)
    order = [on_that.time_s for _, _, _, on_that in rows]
    return [
        {
            "label": label,
            "here_s": on_this.time_s,
            "there_s": on_that.time_s,
            "rank": bisect_left(order, on_that.time_s) + 1,
            "bound": next((part["name"] for part in shares(on_that)), ""),
            "is_current": state is shown,
        }
        for state, label, on_this, on_that in rows
    ], reason
