"""Long folds of few results: cut in shares, which threads fold side by side.

The step rfactor gives every share a result of its own. Within a share, a fold that runs along
memory is cut again, in partial results that stand side by side in vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from tvmlab.arith.factors import divisors
from tvmlab.ops.choices import nearest
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import factored, fused
from tvmlab.ops.reading import runs_along
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.stage_part import StagePart
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.schedule import Schedule
from tvmlab.tune.sketches.partial import Partial, Places

FEW_RESULTS, LONG_FOLD = 64, 1 << 12
"""Results that are too few to be shared out, and iterations of a fold that are worth it."""

MOST_SHARES = 256


class Rfactor:
    """Cut the outermost loop of a long fold in shares with results of their own."""

    name = "rfactor"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether the block folds much into little, and its outermost loop can be cut evenly."""
        stage = partial.stage(block)
        folded = prod(axis.count for axis in stage.reduce_axes)
        is_long = prod(stage.extents) < FEW_RESULTS and folded >= LONG_FOLD
        if not is_long or len(stage.results) > 1:
            return False
        return bool(SharedFold(stage, block, partial.vectors).shares)

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """In shares; and as a fold that is not cut."""
        shared = SharedFold(partial.stage(block), block, partial.vectors)
        return [partial.decide(shared, block), partial]


@dataclass(frozen=True)
class SharedFold(StagePart):
    """A fold in shares; `vectors` are the registers to plan for."""

    vectors: VectorUnit

    @property
    def word(self) -> str:
        """`rfactor(S)`."""
        return f"rfactor({self.block})"

    @cached_property
    def shares(self) -> tuple[int, ...]:
        """Numbers of shares: divisors of the outermost loop, itself among them where there are
        others inside it."""
        outer, *inner = (axis.count for axis in self.stage.reduce_axes)
        most = min(MOST_SHARES, outer if inner else outer // 2)
        return tuple(d for d in divisors(outer) if 1 < d <= most)

    def _lanes(self) -> tuple[int, ...]:
        """Partial results side by side in vectors; 1 where vectors would gather."""
        last = self.stage.reduce_axes[-1]
        if not runs_along(self.stage, last):
            return (1,)
        # One axis alone is cut in shares first; a share is then what lanes must divide.
        size = last.count
        if len(self.stage.reduce_axes) == 1:
            size //= max(self.shares)
        choices = lane_choices(size, self.size_bytes, self.vectors)
        return tuple(n for n in choices if 1 < n < size and last.count % n == 0) or (1,)

    def knobs(self) -> Sequence[Knob]:
        """The number of shares, and of partial results in vectors."""
        return (
            ChoiceKnob(f"{self.block}.shares", self.shares),
            ChoiceKnob(f"{self.block}.partial", self._lanes()),
        )

    def default(self) -> dict[str, Option]:
        """Shares for several threads, one vector of partial results."""
        width = self.vectors.lanes(self.size_bytes)
        return {
            f"{self.block}.shares": nearest(self.shares, 16),
            f"{self.block}.partial": nearest(self._lanes(), 4 * width),
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """Cut, fold the shares side by side, and those in the block itself."""
        folded = self.folded
        shares, lanes = config[f"{self.block}.shares"], config[f"{self.block}.partial"]
        share, rest = folded[0], folded[1:]
        if shares < self.stage.reduce_axes[0].count:
            share, left = map(str, schedule[self.block].split(folded[0], factors=(shares, None)))
            rest = [left, *rest]
        partial = factored(schedule, self.block, share)
        if lanes > 1:
            vector = str(schedule[partial].split(rest[-1], lanes)[1])
            inner = factored(schedule, partial, vector)
            schedule[inner].compute_at(partial, share)
            around = [str(loop) for loop in schedule[inner].loops]
            own = around[around.index(share) + 1 :]
            schedule[inner].reorder(*(name for name in own if name != vector), vector)
            schedule[inner].vectorize(vector)
            schedule[partial].tree_reduce(vector)
        names = [str(loop) for loop in schedule[partial].loops]
        outermost = names[: names.index(share) + 1]
        schedule[partial].parallel(fused(schedule[partial], outermost))
