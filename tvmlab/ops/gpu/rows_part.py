"""Rows: a block of threads takes one row through folds of it and values made from them.

The threads fold a row side by side, each a share, and the shares as a tree. What one stage hands to
the next stays in shared memory while there is room for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from tvmlab.arith.factors import divisors
from tvmlab.ir import dtypes
from tvmlab.ops.choices import nearest
from tvmlab.ops.gpu.fetch import box_extents
from tvmlab.ops.gpu.team import Team, own_loops, site_of
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import factored, fused, loop_names
from tvmlab.schedule import Schedule
from tvmlab.schedule.primitives.set_scope import SetScope
from tvmlab.schedule.primitives.tree_reduce import MAX_LANES
from tvmlab.te import Tensor


@dataclass(frozen=True)
class RowsPart:
    """Stages over the same rows, producers first; the last one is read elsewhere or handed out.

    Attributes:
        stages: block -> computation.
        rows: how many of the last stage's dimensions say which row.
        unit: the processor.
    """

    stages: Mapping[str, Tensor]
    rows: int
    unit: ThreadUnit

    @property
    def last(self) -> str:
        """The block that the others are computed for."""
        return list(self.stages)[-1]

    @property
    def word(self) -> str:
        """`rows(M, E, S, Y)`."""
        return f"rows({', '.join(self.stages)})"

    @cached_property
    def folds(self) -> dict[str, Tensor]:
        """The blocks that fold a row."""
        return {name: stage for name, stage in self.stages.items() if stage.reduce_axes}

    @cached_property
    def threads(self) -> tuple[int, ...]:
        """Threads of a block: each has two elements at least to fold of every row. Several loops of
        a fold become one, which threads divide."""
        counts = [[a.count for a in stage.reduce_axes] for stage in self.folds.values()]
        most = min([max(1, prod(each) // 2) for each in counts] + [self.unit.threads, MAX_LANES])
        several = [prod(each) for each in counts if len(each) > 1]
        if several:
            return tuple(d for d in divisors(several[0]) if d <= most and not any(
                count % d for count in several))  # fmt: skip
        return tuple(1 << p for p in range(most.bit_length()))

    def knobs(self) -> Sequence[Knob]:
        """How many threads take a row."""
        return (ChoiceKnob(f"{self.last}.threads", self.threads),)

    def default(self) -> dict[str, Option]:
        """A few warps."""
        return {f"{self.last}.threads": nearest(self.threads, 128)}

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Cut the folds in shares, bind rows, and compute everything else inside a row."""
        threads = config[f"{self.last}.threads"]
        shares = {name: self._in_shares(schedule, name, threads) for name in self.folds}
        stage = schedule[self.last]
        left = [str(loop) for loop in stage.loops]  # those that rfactor made anew
        names = [n for n in loop_names(self.stages[self.last])[: self.rows] if n in left]
        if not names:
            stage.add_unit_loop(stage.loops[0])
            names = [str(stage.loops[0])]
        row = fused(stage, names)
        stage.bind(row, "blockIdx.x")
        blocks = [
            name for each in self.stages for name in (shares.get(each, ("", ""))[0], each) if name
        ]
        for name in reversed(blocks):
            if name != self.last:
                schedule[name].compute_at(self.last, row)
        chains = {partial: chain for partial, chain in shares.values() if partial}
        for name in blocks:
            self._share_out(schedule, name, row, threads, chains.get(name, ""))
        for name, (partial, chain) in shares.items():
            if partial and threads <= MAX_LANES:
                schedule[name].tree_reduce(chain)
        self._keep(schedule, [name for name in blocks if name != self.last], row)

    def _in_shares(self, schedule: Schedule, block: str, threads: int) -> tuple[str, str]:
        """A partial result for each thread: its block and the loop over threads, if there are
        several."""
        stage = self.stages[block]
        folded = loop_names(stage)[len(stage.axes) :]
        if threads == 1:
            return "", ""
        chain = fused(schedule[block], folded)
        chain = str(schedule[block].split(chain, threads)[1])
        return factored(schedule, block, chain), chain

    def _share_out(
        self, schedule: Schedule, block: str, row: str, threads: int, chain: str
    ) -> None:
        """Bind what is inside a row to threads: elements, or the shares of a fold."""
        inside = [o.var.name for o in own_loops(schedule, block, row)]
        if chain:
            schedule[block].reorder(chain, *(name for name in inside if name != chain))
            schedule[block].bind(chain, "threadIdx.x")
        elif block not in self.folds and inside and threads > 1:
            Team.row(threads).take(schedule, block, inside)

    def _keep(self, schedule: Schedule, blocks: Sequence[str], row: str) -> None:
        """Keep in shared memory what fits there, and is of one row."""
        left = self.unit.shared_bytes
        for name in blocks:
            buffer = site_of(schedule, name).block.writes[0].buffer
            readers = [
                other
                for other in schedule.blocks
                if buffer in [r.buffer for r in site_of(schedule, other).block.reads]
                and other != name
            ]
            taken = dtypes.size_bytes(buffer.dtype) * max(
                prod(box_extents(schedule, reader, buffer.name, row)) for reader in readers
            )
            step = SetScope(name, buffer.name, "shared")
            if taken <= left and step.check(schedule.mod) is None:
                left -= taken
                schedule.apply(step)
