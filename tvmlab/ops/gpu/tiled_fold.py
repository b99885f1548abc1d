"""Multi-level tiling of a fold whose operands serve several results: SSSRRSRS.

From the outside: blocks of threads; steps of the fold, for each of which the threads copy what they
need of the operands to shared memory; threads; virtual threads; one step; and the results that a
thread has of its own, in registers. Results are stored, or taken up by what follows element by
element, when a block's fold is over. Matrix products, convolutions and windows all have this shape;
only the loops differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

from tvmlab.analysis.pipelining import STAGE
from tvmlab.ir.axis import THREAD_AXES
from tvmlab.ir.expr import Var
from tvmlab.ops.gpu.fetch import Fetching
from tvmlab.ops.gpu.grid import bind_to_grid, stored_apart
from tvmlab.ops.gpu.team import Team, loop_of, own_loops, site_of
from tvmlab.ops.nest import Nest, Part
from tvmlab.schedule import Schedule

BLOCKS, VIRTUAL, THREADS, OWN = range(4)
"""The levels that a spatial loop is cut in."""

MOST_AXES = 3
"""Loops whose iterations blocks and threads share out: as many as a grid has axes."""


class Cut(NamedTuple):
    """How a spatial loop is cut: virtual threads, threads, results of one thread. What is left over
    makes the blocks."""

    virtual: int = 1
    threads: int = 1
    own: int = 1


@dataclass(frozen=True)
class Tiles:
    """One way to tile a fold.

    Attributes:
        cuts: the loops shared out, outermost first, at most `MOST_AXES` of them.
        steps: each loop of the fold, outermost first -> iterations of its inner parts, those of one
            step; a loop without parts is in each step as a whole.
        read: the buffers to copy -> the block that computes one in place of a copy, or "".
        lanes: elements that a thread copies at once.
        pad: elements by which rows of a copy move apart, where they would lie in the same banks.
        copies: 2 where the next step's operands are copied during this one.
        unroll: copies of a statement up to which the innermost loops of the fold are written out.
        follower: the block that takes up each result once; "" where they are stored.
    """

    cuts: Mapping[str, Cut]
    steps: Mapping[str, Sequence[int]]
    read: Mapping[str, str] = field(default_factory=dict)
    lanes: int = 1
    pad: int = 0
    copies: int = 1
    unroll: int = 1
    follower: str = ""

    def apply(self, schedule: Schedule, block: str, shared_bytes: int) -> None:
        """The steps that tile `block`, the loops of which are not cut.

        Args:
            shared_bytes: of shared memory, for copies of operands; those that do not fit are read
                where they stand.

        Raises:
            ScheduleError: a step is illegal.
        """
        places = _dimensions(schedule, block)
        store = self.follower or stored_apart(schedule, block)
        loops = self._nest(schedule, block)
        inner = [loop for (name, level), loop in loops.items()
                 if name in self.steps or (name in self.cuts and level != BLOCKS)]  # fmt: skip
        at = bind_to_grid(schedule, block, inner)
        schedule[store].reverse_compute_at(block, at)
        kept = {part: loop for part, loop in loops.items() if part[0] in self.cuts}
        extents = {o.var.name: o.extent for o in own_loops(schedule, block)}
        sizes = {
            part: size
            for part, name in kept.items()
            if part[1] != BLOCKS and isinstance(size := extents[name], int)
        }
        self._bind_threads(schedule, block, kept)
        self._share_out_store(schedule, store, at, places, sizes)
        walked = [loops[n, 0] for n, parts in self.steps.items() if parts and (n, 0) in loops]
        step = walked[-1] if walked else at
        self._fetch(schedule, block, step, shared_bytes, is_walked=bool(walked))
        sums = site_of(schedule, block).block.writes[0].buffer.name
        schedule[block].set_scope(sums, "local")
        self._write_out(schedule, block, step)

    # ---- loops

    def _nest(self, schedule: Schedule, block: str) -> dict[Part, str]:
        """Cut and ordered: blocks, steps, threads, virtual threads, one step, a thread's own."""
        extents = {
            o.var.name: o.extent
            for o in own_loops(schedule, block)
            if isinstance(o.extent, int)  # as all that templates plan for
        }
        others = [name for name in extents if name not in self.cuts and name not in self.steps]
        levels = zip_longest(
            *([(n, level + (len(parts) > 0)) for level in range(max(1, len(parts)))]
              for n, parts in self.steps.items())
        )  # fmt: skip
        order: list[Part] = [
            *((name, 0) for name in others),
            *((name, BLOCKS) for name in self.cuts),
            *((name, 0) for name, parts in self.steps.items() if parts),
            *((name, THREADS) for name in self.cuts),
            *((name, VIRTUAL) for name in self.cuts),
            *(part for level in levels for part in level if part is not None),
            *((name, OWN) for name in self.cuts),
        ]
        cuts = {name: tuple(parts) for name, parts in (self.cuts | self.steps).items() if parts}  # type: ignore[operator]
        own: list[Part] = [(name, OWN) for name in self.cuts]
        return Nest(extents, order, cuts, unrolled=own).apply(schedule[block])

    def _bind_threads(self, schedule: Schedule, block: str, loops: Mapping[Part, str]) -> None:
        for axis, name in zip(THREAD_AXES, reversed(list(self.cuts)), strict=False):
            if (name, THREADS) in loops:
                schedule[block].bind(loops[name, THREADS], axis)
            if (name, VIRTUAL) in loops:
                schedule[block].bind(loops[name, VIRTUAL], "vthread")

    def _share_out_store(
        self,
        schedule: Schedule,
        store: str,
        at: str,
        places: Mapping[str, int],
        sizes: Mapping[Part, int],
    ) -> None:
        """Each thread stores what it has summed up."""
        loops: dict[Part, str] = {}
        for name in self.cuts:
            loop = loop_of(schedule, store, at, places[name])
            levels = [level for level in (VIRTUAL, THREADS, OWN) if (name, level) in sizes]
            if loop is None or not levels:
                continue
            made: Sequence[str] = [loop.var.name]
            if len(levels) > 1:
                inner = [sizes[name, level] for level in levels[1:]]
                made = [str(x) for x in schedule[store].split(loop.var.name, (None, *inner))]
            loops |= {(name, level): loop for level, loop in zip(levels, made, strict=True)}
        order = [
            loops[name, level]
            for level in (THREADS, VIRTUAL, OWN)
            for name in self.cuts
            if (name, level) in loops
        ]
        if len(order) > 1:
            schedule[store].reorder(*order)
        self._bind_threads(schedule, store, loops)

    # ---- operands

    def _fetch(
        self, schedule: Schedule, block: str, step: str, shared_bytes: int, is_walked: bool
    ) -> None:
        """Copy operands in each step; in turns, if the next step's are to be copied ahead."""
        loop = site_of(schedule, block).loop(step)
        copies = self.copies if is_walked and loop is not None and loop.extent != 1 else 1
        fetching = Fetching(Team.of(schedule, block), self.lanes, self.pad, copies, shared_bytes)
        made = [fetching.fetch(schedule, block, *each, step) for each in self.read.items()]
        if copies > 1 and any(made):
            schedule[block].annotate(step, STAGE, (*[0] * sum(made), 1))

    def _write_out(self, schedule: Schedule, block: str, step: str) -> None:
        """Unroll the innermost loops of the fold as far as asked."""
        copies = 1
        for loop in reversed(own_loops(schedule, block, step)):
            assert isinstance(loop.extent, int)
            copies *= loop.extent
            if loop.kind == "bound" or copies > self.unroll:
                break
            if loop.kind == "serial":
                schedule[block].unroll(loop.var.name)


def _dimensions(schedule: Schedule, block: str) -> dict[str, int]:
    """The loop over each dimension of what the block writes, by name, before it is cut."""
    found = site_of(schedule, block).block
    loops = dict(zip((it.var for it in found.iters), found.bindings, strict=True))
    named: dict[str, int] = {}
    for d, (start, _) in enumerate(found.writes[0].bounds):
        loop = loops.get(start) if isinstance(start, Var) else None
        if isinstance(loop, Var):
            named[loop.name] = d
    return named
