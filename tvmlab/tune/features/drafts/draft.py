"""A schedule whose steps on loops are drafted: names and numbers follow them, the program does not.

A state stands behind a draft, of a program to which only those steps were applied that need one: a
copy of an operand, another layout, partial results. What a step on loops does to a block's nest
and what such a step does to another block do not depend on each other, so the two go side by side.
Where they might, what was drafted is applied first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

from tvmlab.analysis.regions import Box, atom_variables
from tvmlab.errors import ScheduleError
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.walk import variables
from tvmlab.schedule import Schedule, Step
from tvmlab.schedule.find import Site
from tvmlab.schedule.primitives import CacheRead, Merge
from tvmlab.schedule.registry import STEPS
from tvmlab.schedule.stage import Loop, Stage
from tvmlab.schedule.state import State
from tvmlab.te import Tensor
from tvmlab.tune.features.drafts.ground import Ground
from tvmlab.tune.features.drafts.merging import can_merge, hands_on
from tvmlab.tune.features.drafts.placing import box_read
from tvmlab.tune.features.drafts.reading import reading_of
from tvmlab.tune.features.drafts.scaffold import DraftLoop, LooksIllegal, NotDrafted, carried
from tvmlab.tune.features.drafts.steps import DRAFTED
from tvmlab.tune.features.statement import Reading, read


class Draft(Schedule):
    """A schedule of which the features are wanted; whether steps are legal is not asked.

    Args:
        ground: what it shares with others.
    """

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground.state)
        self._ground = ground
        self._scaffold = ground.scaffold(ground.state.program).copy()
        self._noted: list[Step] = []
        self._loops: dict[DraftLoop, For] = {}

    # ---- what templates ask

    @property
    def mod(self) -> Program:
        """The program now, for which all that was drafted is applied."""
        self._settle()
        return self._state.program

    @property
    def state(self) -> State:
        """The state that the steps so far lead to."""
        self._settle()
        return self._state

    def point_at(self, state: State) -> None:
        """Go to another state; what was drafted is forgotten."""
        super().point_at(state)
        self._noted = []
        self._scaffold = self._ground.scaffold(state.program).copy()

    @property
    def params(self) -> tuple[Any, ...]:
        """The buffers that callers hand over, which no step changes."""
        return tuple(self._state.program.params)

    @property
    def blocks(self) -> list[str]:
        """The names of the blocks, in program order."""
        return list(self._scaffold.leaves)

    def site(self, block: str) -> Site:
        """A block with its loops, bound to them as it is now; what is inside a loop is not said."""
        leaf = self._scaffold.leaves[block]
        values = self._scaffold.values_of(leaf)
        bindings = tuple([values[it.var].expr() for it in leaf.block.iters])
        return Site(leaf.block.replace(bindings=bindings), self.loops_around(block))

    def loops_around(self, block: str) -> tuple[For, ...]:
        """The loops around a block, outermost first; what is inside them is not said."""
        leaf = self._scaffold.leaves[block]
        return tuple([self._for(loop, leaf.block) for loop in leaf.path])

    def _for(self, loop: DraftLoop, inside: Block) -> For:
        """One statement for each loop, whichever block is asked about."""
        known, kind = self._loops.get(loop), self._scaffold.kinds[loop]
        if known is None or known.kind != kind:
            axis = self._scaffold.threads.get(loop)
            marks = (("thread", axis),) if axis is not None else ()
            known = self._loops[loop] = For(loop, self._scaffold.extents[loop], inside, kind, marks)
        return known

    def block(self, name: str) -> Block:
        """What a block computes, reads and writes; its bindings do not count."""
        return self._scaffold.leaves[name].block

    def folded_loops(self, block: str) -> set[str]:
        """The names of the loops over which a block folds."""
        leaf, known = self._scaffold.leaves[block], self._scaffold
        if leaf.path == self._ground.scaffold(self._state.program).leaves[block].path:
            bound = zip(leaf.block.iters, leaf.block.bindings, strict=True)
            return {v.name for it, b in bound if it.is_reduce for v in variables(b)}
        folded = [leaf.values[it.var] for it in leaf.block.iters if it.is_reduce]
        sums = [known.value(total, known.resolved) for total in folded]
        return {v.name for total in sums for atom in total.terms for v in atom_variables(atom)}

    def box_read(self, block: str, buffer: str, loop: str) -> Box:
        """The box of a buffer that one iteration of a loop around `block` reads."""
        try:
            found = self._scaffold.buffer(block, buffer)
            return box_read(self._scaffold, block, found, self._scaffold.loop(block, loop))
        except NotDrafted:
            self._settle()
            return Schedule(self._state).box_read(block, buffer, loop)

    def allows(self, step: Step) -> bool:
        """Whether a step is legal; of a merge, names and numbers mostly tell."""
        if isinstance(step, Merge):
            try:
                if not can_merge(self._scaffold, step):
                    return False
                told = hands_on(self._scaffold, step)
                if told is not None:
                    return told
            except NotDrafted:
                pass
        return super().allows(step)

    def __getitem__(self, key: Tensor | str) -> Stage:
        name = self._ground.names[key] if isinstance(key, Tensor) else key
        return DraftStage(self, name)

    # ---- steps

    def apply(self, step: Step) -> list[Loop]:
        """Draft a step, or apply it where it needs the program; the loops it made.

        Raises:
            ScheduleError: names or numbers say that the step is illegal, and so does the step.
        """
        drafted = DRAFTED.get(type(step))
        if drafted is not None:
            try:
                names = drafted(self._scaffold, step)
            except LooksIllegal:
                refusal = step.check(self.mod)
                if refusal is not None:
                    raise ScheduleError(refusal) from None
            except NotDrafted:
                pass
            else:
                self._noted.append(step)
                return [Loop(name, step.block) for name in names]
        before = self._advance(step)
        return [Loop(name, step.block) for name in step.results(before.program)]

    def apply_all(self, steps: Iterable[Step]) -> None:
        """Draft or apply steps."""
        for step in steps:
            self.apply(step)

    def reading(self) -> Reading:
        """What features need to know of the program that the steps lead to."""
        try:
            before = self._ground.scaffold(self._state.program)
            return reading_of(
                self._scaffold, self._state.program, before, self._noted, self._ground.read
            )
        except NotDrafted:
            return read(self.mod)

    def _advance(self, step: Step) -> State:
        """Apply a step behind what was drafted of its block; the state that it was applied to."""
        if isinstance(step, CacheRead) and self._copies_ahead(step):
            return self._state
        left = [each for each in self._noted if each.block != step.block]
        is_apart = not _concerned([step]) & _concerned(left)
        if is_apart and step.block in self._scaffold.leaves and self._scaffold.is_alone(step.block):
            own = [each for each in self._noted if each.block == step.block]
            before = self._state.replay(own)
            after = before.apply(step)
            known, fresh = (self._ground.scaffold(s.program) for s in (self._state, after))
            kept = carried(self._scaffold, known, fresh, _concerned(left))
            if kept is not None:
                self._state, self._scaffold, self._noted = after, kept, left
                return before
        before = self._state.replay(self._noted)
        self._state, self._noted = before.apply(step), []
        self._scaffold = self._ground.scaffold(self._state.program).copy()
        return before

    def _copies_ahead(self, step: CacheRead) -> bool:
        """Apply a copy before anything else, if nothing drafted computes what it copies: all of
        that, whatever loops are around its reader."""
        leaf = self._scaffold.leaves.get(step.block)
        before = self._state
        if leaf is None or any(
            region.buffer.name == step.buffer
            for other in self._scaffold.leaves.values()
            if other.is_moved
            for region in other.block.writes
        ):
            return False
        if step.check(before.program) is not None:
            return False
        after = before.apply(step)
        known, fresh = (self._ground.scaffold(s.program) for s in (before, after))
        kept = carried(self._scaffold, known, fresh, _concerned(self._noted))
        if kept is None:
            return False
        self._state, self._scaffold = after, kept
        return True

    def _settle(self) -> None:
        """Apply all that was drafted."""
        if self._noted:
            self._state, self._noted = self._state.replay(self._noted), []
            self._scaffold = self._ground.scaffold(self._state.program).copy()


def _concerned(steps: Iterable[Step]) -> set[str]:
    """The blocks that steps name."""
    named = [
        getattr(step, field, "")
        for step in steps
        for field in ("block", "consumer", "producer", "other")
    ]
    return {name for name in named if name}


class DraftStage(Stage):
    """A block of a draft; steps with equal arguments are made once."""

    def __init__(self, draft: Draft, block: str) -> None:
        super().__init__(draft, block, None)
        self._draft = draft

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._take, name)

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops around the block now, outermost first."""
        path = self._draft.loops_around(self._block)
        return tuple([Loop(loop.var.name, self._block) for loop in path])

    def _take(self, name: str, *args: Any, **kwargs: Any) -> Any:
        plain = [self._known(value) for value in args]
        named = tuple([(key, self._known(value)) for key, value in kwargs.items()])
        made = self._draft.apply(_step(name, self._block, named, *plain))
        return made[0] if len(made) == 1 else tuple(made) if made else None

    def _known(self, value: Any) -> Any:
        if isinstance(value, (str, int, type(None))):
            return value
        if isinstance(value, (list, tuple)):
            return tuple([self._known(each) for each in value])
        return self._plain(value, set())


@lru_cache(maxsize=1 << 14, typed=True)
def _step(name: str, block: str, kwargs: tuple[Any, ...], *args: Any) -> Step:
    return STEPS[name].from_call(block, *args, **dict(kwargs))
