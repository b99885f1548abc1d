"""What a user holds: a pointer to a state that steps move forward and undo moves back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from tvmlab.errors import Refusal, ScheduleError, UsageError
from tvmlab.ir.program import Program
from tvmlab.schedule.find import find_site, sites
from tvmlab.schedule.hole import Hole, PerfectTile
from tvmlab.schedule.nest_goal import nest_steps
from tvmlab.schedule.open_step import filled, frozen, holes_of, step_of_call
from tvmlab.schedule.recipe import RecordedRecipe
from tvmlab.schedule.registry import STEPS
from tvmlab.schedule.select import Pattern, select_blocks, select_loops
from tvmlab.schedule.state import State
from tvmlab.schedule.step import Step
from tvmlab.schedule.trace import Trace, recorded, replay_python
from tvmlab.te.graph import tensors, unique_names
from tvmlab.te.reduction import Axis
from tvmlab.te.tensor import Tensor

Self = TypeVar("Self", bound="Schedule")


class Loop(str):
    """A loop's name that also knows the block through which it was made."""

    block: str

    def __new__(cls, name: str, block: str) -> Loop:
        """The loop `name` around `block`."""
        loop = super().__new__(cls, name)
        loop.block = block
        return loop

    def __repr__(self) -> str:
        return f"Loop({str(self)!r} of {self.block})"


class Stage:
    """A block of a schedule, with every step as a method: `s[C].split("y", 32)`."""

    def __init__(self, schedule: Schedule, block: str, tensor: Tensor | None) -> None:
        self._schedule = schedule
        self._block = block
        self._tensor = tensor

    def __getattr__(self, name: str) -> Callable[..., Any]:
        step = STEPS.get(name)
        if step is None:
            raise AttributeError(
                f"{name!r} is not a schedule step; the steps are {', '.join(STEPS)}."
            )

        def call(*args: Any, **kwargs: Any) -> Any:
            blocks = self._blocks_named(args, kwargs)
            plain = [self._plain(a, blocks) for a in args]
            named = {k: self._plain(v, blocks) for k, v in kwargs.items()}
            known = self._schedule.holes
            asked = step_of_call(step, self._block, plain, named, self._schedule.mod, known)
            made = self._schedule.apply(asked)
            return made[0] if len(made) == 1 else tuple(made) if made else None

        call.__doc__ = step.__doc__
        call.__name__ = name
        return call

    def __dir__(self) -> list[str]:
        return [*STEPS, "loops", "name", "to_nest"]

    @property
    def name(self) -> str:
        """The block's name."""
        return self._block

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops around the block now, outermost first."""
        site = find_site(self._schedule.mod, self._block)
        return tuple(Loop(n, self._block) for n in site.names()) if site is not None else ()

    def to_nest(self, text: str) -> tuple[Loop, ...]:
        """Append the steps that give the block the loops of `text`, all or none.

        Args:
            text: loop headers from the outermost in, such as `for yo in parallel(32): for yi in
                vectorized(32)`; `tvmlab.schedule.nest_goal` says how loops are told by name.

        Returns:
            the block's loops in the order of the text.

        Raises:
            ScheduleError: no such nest can be reached; nothing changed.
        """
        steps, names = nest_steps(self._schedule.mod, self._block, text)
        self._schedule.apply_all(steps)
        return tuple(Loop(name, self._block) for name in names)

    def _blocks_named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> set[str]:
        """This block and those that the arguments name: whose loops may stand among them."""
        named = {self._block}
        for value in (*args, *kwargs.values()):
            if isinstance(value, (Stage, Tensor, str)) and not isinstance(value, Loop):
                named.add(str(self._plain(value, named)))
        return named

    def _plain(self, value: Any, blocks: set[str]) -> Any:
        """Axes, loops, stages and tensors as names; everything else as it is."""
        if isinstance(value, Axis):
            return self._axis_name(value)
        if isinstance(value, Stage):
            return value._block
        if isinstance(value, Tensor):
            return self._schedule._block_names().get(value, value.name)
        if isinstance(value, Loop):
            if value.block not in blocks:
                raise ScheduleError(
                    Refusal(
                        f's["{self._block}"] with loop {value!s} of s["{value.block}"]',
                        f"block {self._block}",
                        f"the loop {value!s} was made around block {value.block}",
                        f"use one of {', '.join(self.loops)}",
                    )
                )
            return str(value)
        if isinstance(value, PerfectTile):
            return replace(value, loop=self._plain(value.loop, blocks))
        if isinstance(value, (list, tuple)):
            return tuple(self._plain(v, blocks) for v in value)
        return value

    def _axis_name(self, axis: Axis) -> str:
        """The name of the loop that a te axis stands for."""
        tensor = self._tensor
        axes = (*tensor.axes, *tensor.reduce_axes) if tensor is not None else ()
        names = unique_names([a.name for a in axes])
        return next((n for n, a in zip(names, axes, strict=True) if a is axis), axis.name)


class Schedule:
    """A schedule in the making: `s[C].split(...)` appends a step, `s.undo()` takes it back."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._redo: list[Step] = []

    @property
    def state(self) -> State:
        """The immutable state pointed at."""
        return self._state

    @property
    def mod(self) -> Program:
        """The program now."""
        return self._state.program

    @property
    def trace(self) -> Trace:
        """The steps so far."""
        return Trace(self._state)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The tensors computed."""
        return self._state.outputs

    def __str__(self) -> str:
        return str(self._state.program)

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {self.mod.name} after {len(self.trace)} step(s)"

    def __getitem__(self, key: Tensor | str) -> Stage:
        names = self._block_names()
        if isinstance(key, Tensor):
            block = names.get(key)
            if block is None:
                raise UsageError(
                    f"tensor {key.name} is not computed by this schedule; its blocks are "
                    f"{', '.join(self.blocks)}."
                )
            return Stage(self, block, key)
        if key not in self.blocks:
            raise UsageError(
                f"there is no block {key!r} in this schedule; its blocks are "
                f"{', '.join(self.blocks)}."
            )
        return Stage(self, key, next((t for t, n in names.items() if n == key), None))

    @property
    def blocks(self) -> list[str]:
        """The names of the blocks, in program order."""
        return [site.block.name for site in sites(self.mod)]

    @property
    def holes(self) -> dict[str, Hole]:
        """The decisions left open, by name, each with its `options` and the `value` it has now."""
        return holes_of(self._state.steps)

    def fill(self: Self, values: Mapping[str, Any]) -> Self:
        """This schedule played again with other options in its holes; this one stays as it is.

        Args:
            values: name of a hole -> one of its options; holes left out keep what they hold.

        Raises:
            UsageError: there is no such hole, or it has no such option.
            ScheduleError: a step is illegal with these options.
        """
        held = {n: self._hole(n).holding(value).value for n, value in values.items()}
        steps = [filled(step, held) for step in self._state.steps]
        return type(self)(self._state.first.replay(steps))

    def freeze(self: Self, *names: str) -> Self:
        """This schedule with plain arguments for these holes (all of them if none is named).

        Raises:
            UsageError: there is no such hole.
        """
        closed = {self._hole(name).name for name in names} or set(self.holes)
        steps = [frozen(step, closed) for step in self._state.steps]
        return type(self)(self._state.first.replay(steps))

    def _hole(self, name: str) -> Hole:
        known = self.holes
        if name not in known:
            there = f"its holes are {', '.join(known)}" if known else "it has none"
            raise UsageError(f"the schedule has no hole {name!r}; {there}.")
        return known[name]

    def find(
        self,
        block: Pattern = "*",
        loop: Pattern = "*",
        kind: str | None = None,
        annotation: str | None = None,
    ) -> list[Loop]:
        """The loops that match, in program order; a loop around several blocks stands once.

        Args:
            block: a glob such as `"C*"`, or a compiled regular expression, for a block's name.
            loop: the same for the loop's name.
            kind: `"spatial"` or `"reduce"`, by what the loop is to the block.
            annotation: `"parallel"`, `"vectorized"`, ... or the name of an annotation.

        Raises:
            UsageError: nothing matches; the message lists what there is.
        """
        found = select_loops(self.mod, block, loop, kind, annotation)
        return [Loop(name, inside) for inside, name in found]

    def find_blocks(self, block: Pattern = "*", kind: str | None = None) -> list[Stage]:
        """The blocks that match, as `s[...]` gives them, in program order.

        Args:
            block: a glob such as `"C*"`, or a compiled regular expression.
            kind: `"reduce"` for blocks that fold, `"spatial"` for the others.

        Raises:
            UsageError: nothing matches; the message lists what there is.
        """
        return [self[name] for name in select_blocks(self.mod, block, kind)]

    def _block_names(self) -> dict[Tensor, str]:
        every = tensors(self.outputs)
        names = zip(every, unique_names([t.name for t in every]), strict=True)
        return {t: n for t, n in names if not t.is_placeholder}

    def apply(self, step: Step) -> list[Loop]:
        """Append a step; the loops it made.

        Raises:
            ScheduleError: the step is illegal; nothing changed.
        """
        before = self._state
        self._state = before.apply(step)
        self._redo.clear()
        return [Loop(n, step.block) for n in step.results(before.program)]

    def apply_all(self, steps: Iterable[Step]) -> None:
        """Append steps, all or none.

        Raises:
            ScheduleError: a step is illegal; nothing changed.
        """
        self._state = self._state.replay(steps)
        self._redo.clear()

    def apply_python(self, text: str) -> None:
        """Append the steps written in `text`, all or none.

        Raises:
            TraceError: a line is not a step.
            ScheduleError: a step is illegal; nothing changed.
        """
        self._state = replay_python(self._state, text)
        self._redo.clear()

    def recipe(self, title: str, text: str) -> None:
        """Append the steps written in `text` as one step named `title`, as the trace shows them.

        Raises:
            TraceError: a line is not a step, or there is none.
            ScheduleError: a step is illegal; nothing changed.
            UsageError: the name is not a line of text.
        """
        self.apply(recorded(self._state, title, text))

    @contextmanager
    def record(self, title: str) -> Iterator[None]:
        """Make one step, named `title`, of those appended in a `with` statement.

        Where an error leaves the `with`, the schedule is as it was before. Loops made inside keep
        their names.

        Raises:
            UsageError: steps from before the `with` were taken back, or the name is not a line of
                text.
        """
        before, redo = self._state, list(self._redo)
        try:
            yield
            if before not in self._state.states():
                raise UsageError(
                    f"the recipe {title!r} took back steps from before it; undo only what it made."
                )
            steps = self._state.steps[before.depth :]
            if steps:
                self._state = before.apply(RecordedRecipe.of(title, steps))
                self._redo.clear()
        except BaseException:
            self._state, self._redo = before, redo
            raise

    def undo(self) -> bool:
        """Take the last step back; whether there was one."""
        if self._state.parent is None or self._state.step is None:
            return False
        self._redo.append(self._state.step)
        self._state = self._state.parent
        return True

    def redo(self) -> bool:
        """Apply the step last taken back; whether there was one."""
        if not self._redo:
            return False
        self._state = self._state.apply(self._redo.pop())
        return True

    def at(self, index: int) -> Schedule:
        """A schedule of its own at the state after `index` steps (0: none; -1: all).

        Raises:
            UsageError: there are fewer steps.
        """
        states = self._state.states()
        if not -len(states) <= index < len(states):
            raise UsageError(
                f"at({index}) asks for a state beyond the {len(states) - 1} step(s) there are."
            )
        return type(self)(states[index])

    def moves(self, where: Loop | Sequence[str] | str, block: str | None = None) -> list[Step]:
        """The legal steps worth trying at a loop.

        Args:
            where: a loop from a step, a pair (block, loop), or a loop's name with `block`.
            block: the block that a plain name belongs to; the only block if left out.
        """
        if isinstance(where, Loop):
            block, loop = where.block, str(where)
        elif isinstance(where, str):
            block, loop = block or self.blocks[-1], where
        else:
            block, loop = where
        loops = self[block].loops
        if loop not in loops:
            raise UsageError(
                f"block {block} has no loop {loop!r}; its loops are {', '.join(loops)}."
            )
        return [m for step in STEPS.values() for m in step.moves(self.mod, block, loop)]


def create_schedule(value: Tensor | Sequence[Tensor]) -> Schedule:
    """A schedule of a tensor expression, before any step."""
    return Schedule(State.start(value))
