"""States whose steps are applied without asking whether they are legal: most of what a step takes.

Of a candidate whose features are wanted nobody builds the program; whoever chooses it schedules it,
and is told there. What becomes of an illegal step is any program, or any error.
"""

from __future__ import annotations

from tvmlab.schedule import Step
from tvmlab.schedule.state import State


class UnaskedState(State):
    """A program and how it came about, if its steps are legal."""

    __slots__ = ()

    def apply(self, step: Step) -> State:
        """The state after `step`, which is taken to be legal."""
        known = self._next.get(step)
        if known is None:
            known = UnaskedState(self.outputs, step.apply(self.program), step, self)
            self._next[step] = known
        return known
