"""A fold whose operands serve several results, and the decisions that its tiling leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

from tvmlab.arith.factors import divisors
from tvmlab.ir.buffer import Load
from tvmlab.ir.walk import exprs, variables
from tvmlab.ops.choices import nearest, powers
from tvmlab.ops.gpu.each_thread import results_to_threads
from tvmlab.ops.gpu.padded import padded
from tvmlab.ops.gpu.team import site_of
from tvmlab.ops.gpu.tiled_fold import MOST_AXES, Cut, Tiles
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import factored
from tvmlab.ops.reading import loads
from tvmlab.ops.stage_part import StagePart
from tvmlab.schedule import Schedule

MOST_OWN = {1: (64,), 2: (16, 16), 3: (4, 8, 8)}
"""Results of a thread along each loop, virtual threads included: 256 together."""

MOST_STEP, FEW_STEPS = 32, 8
"""Iterations of the fold in one step, and below which steps cost more than they bring."""

WINDOW = 64
"""Iterations of the innermost loops of a fold that may all be in one step."""

LONG_FOLD = 512
"""Iterations of a fold that may be shared out among blocks."""


@dataclass(frozen=True)
class FoldPart(StagePart):
    """A fold that is tiled.

    Attributes:
        unit: the processor.
        follower: the block that takes up each result once, if there is one.
        makers: buffer -> the block that computes it where it is fetched.
    """

    unit: ThreadUnit
    follower: str = ""
    makers: Mapping[str, str] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """`share(C)`, with what follows."""
        return f"share({self.block}{f', then {self.follower}' if self.follower else ''})"

    # ---- what the computation is like

    @cached_property
    def tiled(self) -> tuple[int, ...]:
        """The loops shared out: the last one, one that its operands do not depend on, the longest.

        Their positions among the spatial ones, at most three.
        """
        several = [d for d, e in enumerate(self.stage.extents) if e > 1]
        if len(several) <= MOST_AXES:
            return tuple(several)
        *others, last = several
        wide = {a for place in self._places if self.stage.axes[last] in place for a in place}
        free = [d for d in others if self.stage.axes[d] not in wide][-1:]
        rest = sorted((d for d in others if d not in free), key=lambda d: -self.stage.extents[d])
        return tuple(sorted([last, *free, *rest][:MOST_AXES]))

    @cached_property
    def _places(self) -> list[set[Any]]:
        """The variables that each load is at."""
        return [{v for i in load.indices for v in variables(i)} for load in loads(self.stage)]

    @cached_property
    def read(self) -> dict[str, str]:
        """The operands that serve several results, each with the block that makes it, or ""."""
        axes = {self.stage.axes[d] for d in self.tiled}
        folded = set(self.stage.reduce_axes)
        found: dict[str, str] = {}
        for load in loads(self.stage):
            used = [set(variables(i)) for i in load.indices]
            is_data = any(isinstance(e, Load) for i in load.indices for e in exprs(i))
            is_window = any(u & axes and u & folded for u in used)
            if not is_data and (is_window or axes - set().union(*used)):
                found[load.buffer.name] = self.makers.get(load.buffer.name, "")
        return found

    @property
    def is_shared(self) -> bool:
        """Whether there is anything to share."""
        return bool(self.tiled and self.read)

    @cached_property
    def _deep(self) -> dict[str, tuple[int, ...]]:
        """Loops of the fold that are walked by steps -> what a step may have of each."""
        counts = [axis.count for axis in self.stage.reduce_axes]
        whole = 0
        while whole < len(counts) - 1 and prod(counts[-whole - 1 :]) <= WINDOW:
            whole += 1
        cut = zip(self.folded, counts[: len(counts) - whole], strict=False)
        return {name: _steps(count) for name, count in cut}

    @cached_property
    def shares(self) -> tuple[int, ...]:
        """Parts that the first loop of the fold may be divided in, for other blocks each."""
        first = self.stage.reduce_axes[0].count
        if self.follower or self.makers or first < LONG_FOLD:
            return (1,)
        few = prod(self.stage.extents) < self.unit.blocks * self.unit.threads
        return (1, *(n for n in (2, 4, 8, 16) if first % n == 0)) if few else (1,)

    # ---- decisions

    def knobs(self) -> list[Knob]:
        """For each loop virtual threads, threads and results of one; a step of the fold; elements
        copied at once, rows moved apart, copies by turns; what is written out; shares."""
        found: list[Knob] = [
            ChoiceKnob(f"{self.block}.{self.spatial[d]}", cuts)
            for d, cuts in zip(self.tiled, self._cuts, strict=True)
        ]
        found += [ChoiceKnob(f"{self.block}.{name}", own) for name, own in self._deep.items()]
        lanes = tuple(n for n in (1, 2, 4, 8) if n <= self.unit.lanes(self.size_bytes))
        return [
            *found,
            ChoiceKnob(f"{self.block}.lanes", lanes),
            ChoiceKnob(f"{self.block}.pad", (0, 1, 4)),
            ChoiceKnob(f"{self.block}.copies", (1, 2)),
            ChoiceKnob(f"{self.block}.unroll", (1, 64, 256)),
            *([ChoiceKnob(f"{self.block}.shares", self.shares)] if len(self.shares) > 1 else []),
        ]

    @cached_property
    def _cuts(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """For each tiled loop (virtual, threads, own), as far as its extent needs them."""
        count = len(self.tiled)
        limits = zip(self.tiled, self.unit.shares(count), MOST_OWN[count], strict=True)
        found = []
        for d, threads, own in limits:
            extent = self.stage.extents[d]
            some = [t for t in powers(1, 2 * threads) if t <= threads]
            some += [extent] if extent <= threads and extent not in some else []
            every = product((1, 2, 4), sorted(some), powers(1, 8))
            found.append(
                tuple(
                    (v, t, n) for v, t, n in every
                    if v * n <= own and v * t * n < 2 * extent and t * n * v <= 2 * threads * 4
                )
            )  # fmt: skip
        return tuple(found)

    def default(self) -> dict[str, Option]:
        """As many threads as there may be, a few results each while there are blocks enough."""
        chosen: dict[str, Option] = {}
        for wish in (4, 2, 1):
            cuts = [self._nearest(n, wish) for n in range(len(self.tiled))]
            sizes = zip(self.tiled, cuts, strict=True)
            blocks = prod(-(-self.stage.extents[d] // prod(cut)) for d, cut in sizes)
            others = [e for d, e in enumerate(self.stage.extents) if d not in self.tiled]
            if blocks * prod(others) >= self.unit.blocks:
                break
        for knob in self.knobs():
            name, options = knob.name.removeprefix(f"{self.block}."), knob.options
            own = [n for n, d in enumerate(self.tiled) if self.spatial[d] == name]
            if own:
                chosen[knob.name] = cuts[own[0]]
            elif name in self._deep:
                chosen[knob.name] = nearest([int(o) for o in options if isinstance(o, int)], 8)
            else:
                chosen[knob.name] = options[-1] if name == "lanes" else options[0]
        return chosen

    def _nearest(self, place: int, own: int) -> tuple[int, ...]:
        """The most threads for a loop, then about so many results of each."""
        few = [cut for cut in self._cuts[place] if cut[0] == 1]
        most = max(t for _, t, _ in few)
        return min((c for c in few if c[1] == most), key=lambda c: abs(c[2] - own))

    # ---- steps

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Pad or share out the fold where asked, tile it, and fold the shares."""
        start = f"{self.block}."
        chosen = {k.removeprefix(start): v for k, v in config.items() if k.startswith(start)}
        cuts = {self.spatial[d]: Cut(*chosen[self.spatial[d]]) for d in self.tiled}
        steps: dict[str, tuple[int, ...]] = {
            n: (chosen[n],) if n in self._deep else () for n in self.folded
        }
        block, follower, read = self.block, self.follower, dict(self.read)
        if chosen.get("shares", 1) > 1:
            block, steps = self._share_out(schedule, steps, chosen["shares"])
        elif not self.makers:
            sizes = [prod(cuts.get(name, ())) for name in self.spatial]
            sizes += [prod(steps[name]) for name in self.folded]
            follower, read = padded(schedule, block, sizes, follower, read)
        self._tiles(chosen, cuts, steps, read, follower).apply(
            schedule, block, self.unit.shared_bytes
        )
        if block != self.block:
            results_to_threads(schedule, self.block, self.unit.threads // 4)

    def _tiles(
        self,
        chosen: Mapping[str, Any],
        cuts: Mapping[str, Cut],
        steps: Mapping[str, tuple[int, ...]],
        read: Mapping[str, str],
        follower: str,
    ) -> Tiles:
        return Tiles(
            cuts, steps, read, chosen["lanes"], chosen["pad"], chosen["copies"], chosen["unroll"],
            follower,
        )  # fmt: skip

    def _share_out(
        self, schedule: Schedule, steps: Mapping[str, tuple[int, ...]], shares: int
    ) -> tuple[str, dict[str, tuple[int, ...]]]:
        """Divide the fold: the block of partial results, and its steps. Those of one share lie
        together in memory."""
        first = self.folded[0]
        outer, inner = map(str, schedule[self.block].split(first, factors=(shares, None)))
        block = factored(schedule, self.block, outer)
        rank = len(self.stage.axes)
        names = [f"i{n}" for n in range(rank + 1)]
        partial = site_of(schedule, block).block.writes[0].buffer.name
        layout = f"{', '.join(names)} -> {', '.join([names[-1], *names[:-1]])}"
        schedule[block].transform_layout(partial, layout)
        return block, {inner if n == first else n: parts for n, parts in steps.items()}


def _steps(extent: int) -> tuple[int, ...]:
    """Iterations of a step: divisors of a loop, or powers of two where it has few."""
    few = tuple(d for d in divisors(extent) if d <= MOST_STEP)
    return few if few[-1] >= min(FEW_STEPS, extent) else powers(1, MOST_STEP)
