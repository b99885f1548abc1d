"""What stands for a loop and for a block in a line of schedule: `s[C].split("y", 32)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from tvmlab.errors import Refusal, ScheduleError, did_you_mean
from tvmlab.ir.program import Program
from tvmlab.schedule.find import find_site
from tvmlab.schedule.hole import Hole, PerfectTile
from tvmlab.schedule.nest_goal import nest_steps
from tvmlab.schedule.open_step import step_of_call
from tvmlab.schedule.registry import STEPS
from tvmlab.schedule.step import Step
from tvmlab.te.graph import unique_names
from tvmlab.te.reduction import Axis
from tvmlab.te.tensor import Tensor


class Whole(Protocol):
    """What a stage needs of the schedule that it is a part of."""

    @property
    def mod(self) -> Program: ...

    @property
    def holes(self) -> Mapping[str, Hole]: ...

    def argument_names(self) -> Mapping[Tensor, str]: ...

    def apply(self, step: Step) -> list[Loop]: ...

    def apply_all(self, steps: Iterable[Step]) -> None: ...


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

    def __init__(self, schedule: Whole, block: str, tensor: Tensor | None) -> None:
        self._schedule = schedule
        self._block = block
        self._tensor = tensor

    def __getattr__(self, name: str) -> Callable[..., Any]:
        step = STEPS.get(name)
        if step is None:
            raise AttributeError(f"{name!r} is not a schedule step; {did_you_mean(name, STEPS)}.")

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
            return self._schedule.argument_names().get(value, value.name)
        if isinstance(value, Loop):
            if value.block not in blocks and not self._is_around(value):
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

    def _is_around(self, loop: Loop) -> bool:
        """Whether a loop that was made around another block is around this one too."""
        here, there = (find_site(self._schedule.mod, b) for b in (self._block, loop.block))
        own = here.loop(str(loop)) if here is not None else None
        return own is not None and there is not None and own is there.loop(str(loop))

    def _axis_name(self, axis: Axis) -> str:
        """The name of the loop that a te axis stands for."""
        tensor = self._tensor
        axes = (*tensor.axes, *tensor.reduce_axes) if tensor is not None else ()
        names = unique_names([a.name for a in axes])
        return next((n for n, a in zip(names, axes, strict=True) if a is axis), axis.name)
