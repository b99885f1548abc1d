"""What a user holds: a pointer to a state that steps move forward and undo moves back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from tvmlab.analysis.regions import Box
from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.walk import variables
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.cautioning import cautions
from tvmlab.schedule.find import Site, box_read, find_site, sites
from tvmlab.schedule.hole import Hole, literal
from tvmlab.schedule.open_step import filled, holes_of, plain, with_holes
from tvmlab.schedule.recipe import RecordedRecipe
from tvmlab.schedule.registry import STEPS
from tvmlab.schedule.select import Pattern, select_blocks, select_loops
from tvmlab.schedule.stage import Loop, Stage
from tvmlab.schedule.state import State
from tvmlab.schedule.step import Step
from tvmlab.schedule.trace import Trace, recorded, replay_python
from tvmlab.te.graph import block_names, tensor_names
from tvmlab.te.tensor import Tensor

Self = TypeVar("Self", bound="Schedule")


class Schedule:
    """A schedule in the making: `s[C].split(...)` appends a step, `s.undo()` takes it back."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._redo: list[Step] = []

    @property
    def state(self) -> State:
        """The immutable state pointed at."""
        return self._state

    def point_at(self, state: State) -> None:
        """Go to another state of the same expression; the steps undone are forgotten.

        Raises:
            UsageError: it is a state of another expression.
        """
        if state.first is not self._state.first:
            raise UsageError(
                "the state given to the schedule belongs to another expression; make a schedule "
                "of that one."
            )
        self._state, self._redo = state, []

    @property
    def mod(self) -> Program:
        """The program now."""
        return self._state.program

    @property
    def trace(self) -> Trace:
        """The steps so far."""
        return Trace(self._state)

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What is slower in the program now than it looks, each in a sentence as text."""
        return cautions(self.mod)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The tensors computed."""
        return self._state.outputs

    def __str__(self) -> str:
        return str(self._state.program)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What stands below a notebook's cell that ends with it: the program, in colours."""
        return self.mod._repr_mimebundle_()

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {self.mod.name} after {len(self.trace)} step(s)"

    def __getitem__(self, key: Tensor | str) -> Stage:
        names = self.block_names()
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

    if not TYPE_CHECKING:  # a type checker says itself what is missing

        def __getattr__(self, name: str) -> Any:
            if name in STEPS:
                said = f"{name} is a step of a block; write s[{self.blocks[-1]!r}].{name}(...)."
                raise AttributeError(said)
            raise AttributeError(f"a schedule has no attribute {name!r}.")

    @property
    def blocks(self) -> list[str]:
        """The names of the blocks, in program order."""
        return [site.block.name for site in sites(self.mod)]

    @property
    def params(self) -> tuple[Buffer, ...]:
        """The buffers that callers hand over."""
        return tuple(self.mod.params)

    def site(self, block: str) -> Site | None:
        """The block of that name with its loops; None where there is none."""
        return find_site(self.mod, block)

    def loops_around(self, block: str) -> tuple[For, ...]:
        """The loops around a block, outermost first; none where there is no such block."""
        site = self.site(block)
        return () if site is None else site.loops

    def block(self, name: str) -> Block:
        """The block of that name: what it computes, reads and writes.

        Raises:
            UsageError: there is none.
        """
        site = self.site(name)
        if site is None:
            raise UsageError(f"there is no block {name!r}; there are {', '.join(self.blocks)}.")
        return site.block

    def folded_loops(self, block: str) -> set[str]:
        """The names of the loops over which a block folds."""
        own = self.block(block)
        bound = zip(own.iters, own.bindings, strict=True)
        return {v.name for it, b in bound if it.is_reduce for v in variables(b)}

    def box_read(self, block: str, buffer: str, loop: str) -> Box:
        """The box of a buffer that one iteration of a loop around `block` reads."""
        return box_read(self.mod, block, buffer, loop)

    def allows(self, step: Step) -> bool:
        """Whether a step is legal now."""
        return step.check(self.mod) is None

    @property
    def holes(self) -> dict[str, Hole]:
        """The decisions left open, by name, each with its `options`, the `value` it has now and
        whether it `is_frozen`."""
        return holes_of(self._state.steps)

    def fill(self: Self, values: Mapping[str, Any]) -> Self:
        """This schedule played again with other options in its holes; this one stays as it is.

        Args:
            values: name of a hole -> one of its options; holes left out keep what they hold.

        Raises:
            UsageError: there is no such hole, it has no such option, or is frozen.
            ScheduleError: a step is illegal with these options.
        """
        held = {n: self._hole(n).holding(value).value for n, value in values.items()}
        shut = next((n for n in held if self._hole(n).is_frozen), None)
        if shut is not None:
            fixed = literal(self._hole(shut).value)
            raise UsageError(
                f"the hole {shut!r} is frozen at {fixed}; open it first with unfreeze({shut!r})."
            )
        return self._played([filled(step, held) for step in self._state.steps])

    def freeze(self: Self, name: str | None = None, value: Any = None) -> Self:
        """This schedule with a hole taken as decided, so that a tuner leaves it; this one stays.

        Args:
            name: a hole's; all of them if left out.
            value: the option to fix it at; what it holds if left out.

        Raises:
            UsageError: there is no such hole, it has no such option, or a value is given for all.
            ScheduleError: a step is illegal with this option.
        """
        if name is None and value is not None:
            raise UsageError(f"freeze was given the value {value!r} for no hole; name one.")
        wanted = set(self.holes) if name is None else {self._hole(name).name}

        def shut(hole: Hole) -> Hole:
            held = hole if value is None or hole.name not in wanted else hole.holding(value)
            return replace(held, is_frozen=hole.is_frozen or hole.name in wanted)

        return self._played([with_holes(step, shut) for step in self._state.steps])

    def unfreeze(self: Self, *names: str) -> Self:
        """This schedule with frozen holes open again (all of them if none is named).

        Raises:
            UsageError: there is no such hole.
        """
        wanted = {self._hole(name).name for name in names} or set(self.holes)

        def reopened(hole: Hole) -> Hole:
            return replace(hole, is_frozen=hole.is_frozen and hole.name not in wanted)

        return self._played([with_holes(step, reopened) for step in self._state.steps])

    def plain(self: Self, *names: str) -> Self:
        """This schedule with plain arguments in place of these holes (all if none is named), which
        are none any more.

        Raises:
            UsageError: there is no such hole.
        """
        gone = {self._hole(name).name for name in names} or set(self.holes)
        return self._played([plain(step, gone) for step in self._state.steps])

    def _played(self: Self, steps: Iterable[Step]) -> Self:
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

    def argument_names(self) -> dict[Tensor, str]:
        """What each tensor computed here means as an argument: its block, which has the name of
        its buffer; of further results of a block the buffer."""
        buffers = tensor_names(self.outputs)
        blocks = self.block_names().items()
        return {t: name if t is t.results[0] else buffers[t] for t, name in blocks}

    def block_names(self) -> dict[Tensor, str]:
        """For each tensor computed here the name of the block that computes it."""
        return block_names(self.outputs)

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
