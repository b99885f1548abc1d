"""The schedules of a lab side by side: one is worked on, and none is lost by going elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.errors import UsageError
from tvmlab.schedule import State

MOST_UNNAMED = 12
"""Branches nobody named that are kept; of more, the one left longest ago goes."""
LONGEST_NAME = 40
FIRST = "main"


@dataclass(eq=False)
class Branch:
    """A schedule by its last state; `number` tells branches apart, also those of one name."""

    number: int
    name: str
    tip: State
    is_named: bool = False

    @property
    def states(self) -> tuple[State, ...]:
        """Its states, from the beginning to the tip."""
        return tuple(self.tip.states())


class Branches:
    """All branches in the order in which they were begun, and the one worked on."""

    def __init__(self, start: State) -> None:
        self.current = Branch(1, FIRST, start)
        self.all = [self.current]
        self._left: list[Branch] = []
        self._last_number = 1

    def follow(self, state: State) -> None:
        """Work goes on at `state`: the current branch grows, or another is gone to, or begun.

        A branch that has not one step is no branch: what is begun there goes on in it.
        """
        if self.current.tip in state.states():
            self.current.tip = state
            return
        known = next((b for b in self.all if b.tip is state), None)
        self._go(known if known is not None else self._begun(state))

    def replace(self, state: State) -> None:
        """The current branch ends at `state` instead."""
        self.current.tip = state

    def fork(self, state: State) -> Branch:
        """A new branch that ends at `state`, which is worked on from now."""
        self._go(self._begun(state))
        return self.current

    def find(self, number: int) -> Branch:
        """Branch `number`; UsageError where there is none."""
        found = next((b for b in self.all if b.number == number), None)
        if found is None:
            raise UsageError(f"there is no branch {number}; choose one of those listed.")
        return found

    def rename(self, number: int, name: str) -> None:
        """Give a branch a name of its own.

        Raises:
            UsageError: an empty name, one too long, or that of another branch.
        """
        branch, name = self.find(number), " ".join(name.split())
        if not name or len(name) > LONGEST_NAME:
            raise UsageError(
                f"a branch's name has 1 to {LONGEST_NAME} characters; give such a one."
            )
        if any(b.name == name for b in self.all if b is not branch):
            raise UsageError(f"another branch is named {name!r}; give a name of its own.")
        branch.name, branch.is_named = name, True

    def remove(self, number: int) -> None:
        """Forget a branch.

        Raises:
            UsageError: it is the one worked on.
        """
        branch = self.find(number)
        if branch is self.current:
            raise UsageError("this branch is the one shown; open another one first.")
        self._forget(branch)

    def restore(self, name: str, tip: State) -> None:
        """Take up a branch of an earlier session, named as it was."""
        if all(b.tip is not tip for b in self.all):
            branch = self._begun(tip)
            taken = any(b.name == name for b in self.all)
            branch.name, branch.is_named = (branch.name if taken else name), True
            self.all.append(branch)

    def _begun(self, tip: State) -> Branch:
        self._last_number += 1
        return Branch(self._last_number, f"branch {self._last_number}", tip)

    def _go(self, branch: Branch) -> None:
        left, self.current = self.current, branch
        if branch not in self.all:
            self.all.append(branch)
        self._left = [b for b in self._left if b is not left and b is not branch]
        if left.tip.depth == 0 and left is not branch:
            self._forget(left)
        elif left is not branch:
            self._left.append(left)
        unnamed = [b for b in self._left if not b.is_named]
        for old in unnamed[: max(0, len(unnamed) - MOST_UNNAMED)]:
            self._forget(old)

    def _forget(self, branch: Branch) -> None:
        self.all = [b for b in self.all if b is not branch]
        self._left = [b for b in self._left if b is not branch]
