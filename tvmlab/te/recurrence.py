"""A recurrence: states over time, and the cell that computes each step from earlier ones."""

from __future__ import annotations

from tvmlab.te.reduction import Axis
from tvmlab.te.tensor import Tensor


class Recurrence:
    """States over `steps` steps, of which the first ones are given and a cell computes the rest.

    Attributes:
        states: the placeholders by which the cell reads what earlier steps computed.
        inits: for each state a computation of its first steps, of shape `(first, ...)`.
        updates: for each state the computation of its other steps.
        cell: the computations of one step, producers first, the first result of each.
        outputs: for each state the tensor that holds it at every step.
    """

    __slots__ = ("states", "inits", "updates", "cell", "outputs")

    def __init__(
        self,
        states: tuple[Tensor, ...],
        inits: tuple[Tensor, ...],
        updates: tuple[Tensor, ...],
        cell: tuple[Tensor, ...],
    ) -> None:
        self.states = states
        self.inits = inits
        self.updates = updates
        self.cell = cell
        self.outputs = tuple(Scanned(self, s) for s in states)
        for output in self.outputs:
            output.results = self.outputs

    @property
    def kept(self) -> tuple[Tensor, ...]:
        """What the cell computes and only one step needs: its results that are no updates."""
        results = [t for stage in self.cell for t in stage.results]
        return tuple(t for t in results if t not in self.updates)

    @property
    def first(self) -> int:
        """How many steps the inits give."""
        first = self.inits[0].shape[0]
        assert isinstance(first, int), "t.scan checks it"
        return first

    @property
    def steps(self) -> int:
        """How many steps there are, the given ones included."""
        steps = self.states[0].shape[0]
        assert isinstance(steps, int), "t.scan checks it"
        return steps


class Scanned(Tensor):
    """A state at every step: what `t.scan` returns. It shares its memory with `state`."""

    __slots__ = ("recurrence", "state")

    def __init__(self, recurrence: Recurrence, state: Tensor) -> None:
        super().__init__(state.name, state.shape, state.dtype, (), None)
        self.recurrence = recurrence
        self.state = state

    @property
    def is_placeholder(self) -> bool:
        """No: the recurrence computes it."""
        return False

    @property
    def update(self) -> Tensor:
        """The computation of its steps."""
        return self.recurrence.updates[self.recurrence.states.index(self.state)]

    @property
    def axis(self) -> tuple[Axis, ...]:
        """The axes of its update."""
        return self.update.axes
