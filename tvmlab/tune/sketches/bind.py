"""The structure for processors with many threads: SSSRRSRS, and folds across threads.

Spatial loops are cut five times and one loop of the fold three times. From the outside: blocks of
threads; virtual threads; threads; steps of the fold, and parts of a step; what a thread computes in
a step, cut in two around the innermost part. Few results of a long fold are folded by the threads
of a block together instead. On a processor without such axes the loops run one after another, so
what is derived here is proved there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from tvmlab.arith.factors import divisors
from tvmlab.ir.axis import MOST_THREADS
from tvmlab.ops.choices import nearest
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option, SplitKnob
from tvmlab.ops.nest import factored, fused
from tvmlab.ops.stage_part import StagePart
from tvmlab.schedule import Schedule
from tvmlab.tune.sketches.partial import Partial, Places

LEVELS, STEPS = 5, 3
"""Parts of a spatial loop and of the fold's: blocks, virtual threads, threads and two inside;
steps, parts and the innermost."""

MOST_VIRTUAL = 4
"""Virtual threads along a loop: three loops then have the 64 that there may be."""

FEW_RESULTS = 64
"""Results below which threads fold one together."""


class Bind:
    """Bind the outer loops of a stage to the axes of a processor with many threads."""

    name = "bind"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether the block has loops, and one result."""
        stage = partial.stage(block)
        return bool(stage.axes) and len(stage.results) == 1

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Tiled; of a long fold also with a fold across threads."""
        stage = partial.stage(block)
        made = [partial.decide(BoundTiling(stage, block), block)]
        if stage.reduce_axes and prod(stage.extents) <= FEW_RESULTS:
            across = CrossThreads(stage, block)
            if len(across.threads) > 1:
                made.append(partial.decide(across, block))
        return made


@dataclass(frozen=True)
class BoundTiling(StagePart):
    """A stage tiled as SSSRRSRS, its three outer levels bound."""

    @property
    def word(self) -> str:
        """`bind(C)`."""
        return f"bind({self.block})"

    def knobs(self) -> Sequence[Knob]:
        """The parts of every spatial loop that has several iterations, and of the fold's first."""
        spatial, folded = self.spatial, self.folded
        several = [n for n, e in zip(spatial, self.stage.extents, strict=True) if e > 1]
        # All loops together have a block's threads at most.
        share = int(MOST_THREADS ** (1 / max(1, len(several))))

        def fits(parts: tuple[int, ...]) -> bool:
            return parts[1] <= MOST_VIRTUAL and parts[2] <= share

        knobs: list[Knob] = [
            SplitKnob(f"{self.block}.{name}", extent, LEVELS, keep=fits)
            for name, extent in zip(spatial, self.stage.extents, strict=True)
            if extent > 1
        ]
        if folded:
            first = self.stage.reduce_axes[0].count
            knobs.append(SplitKnob(f"{self.block}.{folded[0]}", first, STEPS))
        return knobs

    def default(self) -> dict[str, Option]:
        """As many threads as there may be, a few results each."""
        chosen: dict[str, Option] = {}
        for knob in self.knobs():
            options: Any = knob.options
            if len(options[0]) == STEPS:
                chosen[knob.name] = min(options, key=lambda t: (abs(t[2] - 4), t[1]))
            else:
                chosen[knob.name] = max(options, key=lambda t: (t[2], -t[1], -t[3], -t[4]))
        return chosen

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """Cut, order, fuse each of the outer levels, bind."""
        spatial, folded = self.spatial, self.folded
        stage = schedule[self.block]
        parts: dict[str, list[str]] = {}
        for name in (*spatial, *folded):
            factors = config.get(f"{self.block}.{name}", ())
            made = stage.split(name, factors=tuple(factors)) if factors else (name,)
            parts[name] = [str(loop) for loop in made]
        cut = [name for name in spatial if len(parts[name]) == LEVELS]
        whole = [name for name in spatial if len(parts[name]) == 1]
        levels = [[parts[name][level] for name in cut] for level in range(LEVELS)]
        steps: list[list[str]] = [[]] * STEPS
        if folded:
            steps = [[part] for part in parts[folded[0]]]
        order = [
            *whole, *levels[0], *levels[1], *levels[2], *steps[0], *steps[1], *folded[1:],
            *levels[3], *steps[2], *levels[4],
        ]  # fmt: skip
        if len(order) > 1:
            stage.reorder(*order)
        for axis, loops in zip(("blockIdx.x", "vthread", "threadIdx.x"), levels, strict=False):
            if loops:
                stage.bind(fused(stage, loops), axis)


@dataclass(frozen=True)
class CrossThreads(StagePart):
    """A fold whose shares the threads of a block take, and one of them folds."""

    @property
    def word(self) -> str:
        """`cross_threads(S)`."""
        return f"cross_threads({self.block})"

    @property
    def threads(self) -> tuple[int, ...]:
        """Numbers of threads that divide the last loop of the fold, each with something to fold."""
        *others, last = (axis.count for axis in self.stage.reduce_axes)
        most = min(MOST_THREADS, last if others else last // 2)
        return tuple(d for d in divisors(last) if d <= most)

    def knobs(self) -> Sequence[Knob]:
        """How many threads fold one result."""
        return (ChoiceKnob(f"{self.block}.threads", self.threads),)

    def default(self) -> dict[str, Option]:
        """A few warps."""
        return {f"{self.block}.threads": nearest(self.threads, 128)}

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """A partial result for each thread, and their fold; a block of threads for each result."""
        spatial, share = self.spatial, self.folded[-1]
        threads = config[f"{self.block}.threads"]
        made = [self.block]
        if threads > 1:
            if threads < self.stage.reduce_axes[-1].count:
                share = str(schedule[self.block].split(share, threads)[1])
            made.append(factored(schedule, self.block, share))
        for block in made:
            around = [str(loop) for loop in schedule[block].loops]
            outer = [name for name in around if name in spatial]
            if block != self.block:
                inside = [name for name in around if name not in (*outer, share)]
                schedule[block].reorder(*outer, share, *inside)
                schedule[block].bind(share, "threadIdx.x")
            if outer:
                schedule[block].bind(fused(schedule[block], outer), "blockIdx.x")
