"""A sketch in the making: what rules have decided of an expression's blocks so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.stages import Stages
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor

Places = dict[str, str]
"""Block -> the loop around it within which what it reads may be computed."""


class Part(Protocol):
    """How one block, or some that belong together, are scheduled; decisions are left open.

    Knobs are named for the block, as in `C.tile`, so that parts do not meet.
    """

    @property
    def word(self) -> str:
        """What it is in a sketch's name, such as `tile(C)`."""

    def knobs(self) -> Sequence[Knob]:
        """The decisions left open."""

    def default(self) -> dict[str, Option]:
        """A good option of each knob."""

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """Append the steps that `config` stands for; those of readers come before.

        Raises:
            ScheduleError: a step is illegal.
        """


@dataclass(frozen=True)
class Partial:
    """What is decided so far; rules make others of it and never change it.

    Attributes:
        outputs: the tensors computed.
        vectors: the registers to plan for.
        stages: the computations, those inlined left out.
        waiting: the blocks that nothing is decided of, readers before what they read.
        inlined: the blocks written out where they are read.
        parts: what was decided of blocks, in the order in which it is applied.
        followers: a block -> the one that reads it and is computed within its tiles.
        packed: the blocks that read their operands through copies in panels.
        laid_out: the blocks that read constants through copies in the order of their tiles.
    """

    outputs: tuple[Tensor, ...]
    vectors: VectorUnit
    stages: Stages
    waiting: tuple[str, ...]
    inlined: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    followers: Mapping[str, str] = field(default_factory=dict)
    packed: frozenset[str] = frozenset()
    laid_out: frozenset[str] = frozenset()

    @classmethod
    def start(cls, outputs: Sequence[Tensor], vectors: VectorUnit) -> Partial:
        """Nothing decided."""
        stages = Stages.of(outputs)
        return cls(tuple(outputs), vectors, stages, tuple(reversed(list(stages.tensors))))

    def inline(self, block: str) -> Partial:
        """This one with `block` written out where it is read."""
        return replace(
            self.without(block),
            inlined=(*self.inlined, block),
            stages=self.stages.inline(block),
        )

    def decide(self, part: Part, *blocks: str) -> Partial:
        """This one with `part` for `blocks`."""
        return replace(self.without(*blocks), parts=(*self.parts, part))

    def without(self, *blocks: str) -> Partial:
        """This one, `blocks` waiting no longer."""
        return replace(self, waiting=tuple(b for b in self.waiting if b not in blocks))

    def stage(self, block: str) -> Tensor:
        """The computation of a block, as it is now."""
        return self.stages.definitions[block]
