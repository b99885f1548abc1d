"""Immutable states of a schedule: a program and the steps that made it.

A state remembers the states its steps led to, so that undo, redo, replay of a shared prefix and
a switch between branches cost a look-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tvmlab.arith.declared import verify_declared
from tvmlab.arith.inside import verify_inside
from tvmlab.errors import ScheduleError
from tvmlab.ir.expr import Var
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.program import For, Program, Stmt
from tvmlab.ir.verify import verify
from tvmlab.ir.walk import nests, stmts
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.cautioning import new_cautions
from tvmlab.schedule.step import Step
from tvmlab.te.graph import as_outputs
from tvmlab.te.naive import lower_naive
from tvmlab.te.tensor import Tensor


@kept_with_statement
def _loops(nest: Stmt) -> tuple[Var, ...]:
    """The variables of the loops of a nest."""
    return tuple(s.var for s in stmts(nest) if isinstance(s, For))


def _verify_contents(program: Program) -> None:
    verify_inside(program)
    verify_declared(program)


class State:
    """A program and how it came about.

    Attributes:
        outputs: the tensors that the program computes.
        program: the program now.
        step: the step that led here from `parent`; None in the first state.
        parent: the state before it; None in the first state.
        depth: how many steps led here.
        line: the line of Python that stands for `step`.
        origins: for each loop variable the number of the step that made the loop (0: it stood
            in the expression).
    """

    __slots__ = (
        "_cautions", "_next", "depth", "line", "origins", "outputs", "parent", "program", "step",
    )  # fmt: skip

    def __init__(
        self,
        outputs: tuple[Tensor, ...],
        program: Program,
        step: Step | None = None,
        parent: State | None = None,
    ) -> None:
        self.outputs = outputs
        self.program = program
        self.step = step
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.line = step.line(parent.program) if step is not None and parent is not None else ""
        before = parent.origins if parent is not None else {}
        loops = (v for nest in nests(program.body) for v in _loops(nest))
        self.origins: dict[Var, int] = {v: before.get(v, self.depth) for v in loops}
        self._next: dict[Step, State] = {}
        self._cautions: tuple[Caution, ...] | None = None

    @classmethod
    def start(cls, value: Tensor | Sequence[Tensor]) -> State:
        """The state before any step: the naive program of a tensor expression.

        Raises:
            ExpressionError: not a tensor that computes something.
        """
        outputs = as_outputs(value)
        program = lower_naive(outputs)
        verify(program)
        return cls(outputs, program)

    def apply(self, step: Step) -> State:
        """The state after `step`.

        Raises:
            ScheduleError: the step is illegal here; its `.refusal` says why.
        """
        known = self._next.get(step)
        if known is not None:
            return known
        refusal = step.check(self.program)
        if refusal is not None:
            raise ScheduleError(refusal)
        program = step.apply(self.program)
        verify(program)
        _verify_contents(program)
        after = State(self.outputs, program, step, self)
        self._next[step] = after
        return after

    def make_ready(self) -> None:
        """Find out what the first step would have to, of a long program: what it leaves alone."""
        _verify_contents(self.program)

    def replay(self, steps: Iterable[Step]) -> State:
        """The state after all `steps` in order."""
        state = self
        for step in steps:
            state = state.apply(step)
        return state

    def states(self) -> list[State]:
        """Every state from the first to this one."""
        chain: list[State] = []
        state: State | None = self
        while state is not None:
            chain.append(state)
            state = state.parent
        return chain[::-1]

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What the step made slow, legal as it was."""
        if self._cautions is None:
            before = self.parent
            self._cautions = () if before is None else new_cautions(before.program, self.program)
        return self._cautions

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps from the first state to this one."""
        return tuple(s.step for s in self.states() if s.step is not None)

    @property
    def first(self) -> State:
        """The state before any step."""
        return self.states()[0]
