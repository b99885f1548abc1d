"""The branches of the schedule: opened, named, removed, picked from; and the pinned state."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import UsageError
from tvmlab.measure.figures import time_words
from tvmlab.schedule import State
from tvmlab.view.arguments import as_position, as_text
from tvmlab.view.branches import Branch
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import BranchesView, BranchLine, BranchView


class BranchesPart(Part):
    """Shows a `BranchesView`."""

    name = "branches"

    def view(self) -> BranchesView:
        """All branches, each with the steps that no branch before it has."""
        desk = self.desk
        owners: dict[State, Branch] = {}
        views = []
        for branch in desk.timeline.branches.all:
            views.append(self._branch(branch, owners))
            for state in branch.states:
                owners.setdefault(state, branch)
        pinned = desk.pinned
        return {
            "branches": views,
            "pinned": place_words(pinned) if pinned is not None else "",
            "pinned_is_shown": pinned is desk.state,
            "refusal": desk.refusal("branches"),
        }

    def _branch(self, branch: Branch, owners: Mapping[State, Branch]) -> BranchView:
        own = [s for s in branch.states if s not in owners and s.step is not None]
        parent = own[0].parent if own else branch.tip
        owner = owners.get(parent) if parent is not None else None
        best = min((t for s in branch.states if (t := self._time(s))), default=0.0)
        return {
            "number": branch.number,
            "name": branch.name,
            "steps": branch.tip.depth,
            "origin": f"after step {parent.depth} of {owner.name}" if owner and parent else "",
            "time": time_words(best) if best else "",
            "share": self._share(best),
            "is_current": branch is self.desk.timeline.branches.current,
            "lines": [self._line(state) for state in own],
        }

    def _line(self, state: State) -> BranchLine:
        time_s = self._time(state)
        return {
            "position": state.depth,
            "text": state.line,
            "time": time_words(time_s) if time_s else "",
            "share": self._share(time_s),
            "is_current": state is self.desk.state,
            "is_pinned": state is self.desk.pinned,
        }

    def _time(self, state: State) -> float:
        return self.desk.times.get(state, 0.0)

    def _share(self, time_s: float) -> float:
        return min(self.desk.times.values()) / time_s if time_s else 0.0

    def intents(self) -> Mapping[str, Handler]:
        """What is done with branches, and pinning."""
        return {
            "open_branch": self._open,
            "fork": self._fork,
            "rename_branch": self._rename,
            "remove_branch": self._remove,
            "cherry_pick": self._cherry_pick,
            "pin": self._pin,
            "unpin": self._unpin,
        }

    def _open(self, intent: Intent) -> None:
        position = as_position(intent, "position") if "position" in intent else None
        self.desk.timeline.open(as_position(intent, "number"), position)
        self.desk.show()

    def _fork(self, intent: Intent) -> None:
        self.desk.timeline.fork(self.desk.state)
        self.desk.show()

    def _rename(self, intent: Intent) -> None:
        branches = self.desk.timeline.branches
        branches.rename(as_position(intent, "number"), as_text(intent, "name"))
        self.desk.is_unsaved = True

    def _remove(self, intent: Intent) -> None:
        self.desk.timeline.branches.remove(as_position(intent, "number"))
        self.desk.is_unsaved = True

    def _cherry_pick(self, intent: Intent) -> None:
        step = self._state(intent).step
        if step is None:
            raise UsageError("the beginning of a branch is no step; pick one of its lines.")
        self.desk.show(self.desk.state.apply(step))

    def _pin(self, intent: Intent) -> None:
        self.desk.pinned = self._state(intent) if "number" in intent else self.desk.state

    def _unpin(self, intent: Intent) -> None:
        self.desk.pinned = None

    def _state(self, intent: Intent) -> State:
        branch = self.desk.timeline.branches.find(as_position(intent, "number"))
        position = as_position(intent, "position")
        if position > branch.tip.depth:
            raise UsageError(f"{branch.name} has no step {position}; it has {branch.tip.depth}.")
        return branch.states[position]


def place_words(state: State) -> str:
    """A state by its place in its schedule."""
    return f"step {state.depth}: {state.line}" if state.line else "the beginning"
