"""The states of a lab in a row, and the position in it that undo and redo move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tvmlab.errors import Refusal, ScheduleError, TraceError, UsageError
from tvmlab.schedule import State, Step, replay_python
from tvmlab.schedule.hole import Hole
from tvmlab.schedule.open_step import with_holes
from tvmlab.view.branches import Branches


class Timeline:
    """A chain of states; those behind `position` can be redone until another step is taken.

    What is left by taking another step stays as a branch.
    """

    def __init__(self, state: State) -> None:
        self.states = state.states()
        self.position = len(self.states) - 1
        self.branches = Branches(state)

    @property
    def state(self) -> State:
        """The state in force."""
        return self.states[self.position]

    @property
    def tip(self) -> State:
        """The last state, which redo leads to."""
        return self.states[-1]

    def take(self, state: State) -> None:
        """Make `state` the last one, and go to it. What was undone stays as a branch."""
        self.branches.follow(state)
        self.states = state.states()
        self.position = len(self.states) - 1

    def replace(self, state: State) -> None:
        """Make `state` the last one in place of what was, keeping the position."""
        position = self.position
        self.branches.replace(state)
        self.states = state.states()
        self.position = min(position, len(self.states) - 1)

    def open(self, number: int, position: int | None = None) -> None:
        """Go on with branch `number`, at the state after `position` steps or at its end.

        Raises:
            UsageError: there is no such branch, or it has not as many steps.
        """
        branch = self.branches.find(number)
        last = branch.tip.depth
        position = last if position is None else position
        if position > last:
            raise UsageError(f"{branch.name} has no step {position}; it has {last}.")
        self.take(branch.tip)
        self.position = position

    def fork(self, state: State) -> None:
        """Begin a branch that ends at `state`."""
        self.branches.fork(state)
        self.states = state.states()
        self.position = len(self.states) - 1

    def go_to(self, position: int) -> bool:
        """Go to the state after `position` steps; whether there is one."""
        if not 0 <= position < len(self.states):
            return False
        self.position = position
        return True

    def edited(self, index: int, line: str) -> State:
        """The last state after step `index` is replaced by the steps that `line` writes.

        An empty line takes the step away. Later steps are replayed on top.

        Raises:
            LaterStepRefused: a later step is not legal any more.
            ScheduleError, TraceError: the line itself is illegal or no step.
        """
        state = replay_python(self.states[index], line)
        return _followed(state, index + 2, self.tip.steps[index + 1 :])

    def with_hole(self, name: str, value: object, is_frozen: bool) -> State:
        """The last state with another value in a hole, frozen or open.

        Raises:
            UsageError: the value is no option of the hole.
            LaterStepRefused: a step is not legal with it.
        """

        def change(hole: Hole) -> Hole:
            return replace(hole.holding(value), is_frozen=is_frozen) if hole.name == name else hole

        steps = [with_holes(step, change) for step in self.tip.steps]
        return _followed(self.tip.first, 1, steps)


def _followed(state: State, number: int, steps: Iterable[Step]) -> State:
    """`state` after `steps`, the first of which is step `number`; LaterStepRefused where one is not
    legal any more."""
    for count, step in enumerate(steps, number):
        try:
            state = state.apply(step)
        except ScheduleError as error:
            raise LaterStepRefused(count, error.refusal) from None
    return state


class LaterStepRefused(ScheduleError):
    """An edit makes a later line of the schedule illegal; `number` counts lines from 1."""

    def __init__(self, number: int, refusal: Refusal) -> None:
        super().__init__(
            Refusal(
                refusal.asked,
                f"line {number}",
                f"line {number}, {refusal.asked}, would no longer be legal: {refusal.why}",
                f"change line {number} first: {refusal.instead}",
            )
        )
        self.number = number


def replayed(start: State, steps: Iterable[Step]) -> State:
    """`start` after `steps`; a TraceError names the step that is refused."""
    state = start
    for number, step in enumerate(steps, 1):
        try:
            state = state.apply(step)
        except ScheduleError as error:
            raise TraceError(f"step {number} of the trace, {error}") from None
    return state
