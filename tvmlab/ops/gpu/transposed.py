"""A transposition through shared memory: squares are read row by row and written row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tvmlab.ops.gpu.fetch import Fetching
from tvmlab.ops.gpu.team import Team
from tvmlab.ops.gpu.unit import ThreadUnit
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import fused
from tvmlab.ops.reading import loads
from tvmlab.ops.stage_part import StagePart
from tvmlab.schedule import Schedule

SIDE = 32
"""Rows and columns of a square: a warp reads a row of it, and writes one."""


@dataclass(frozen=True)
class Transposed(StagePart):
    """A map that reads one operand with another dimension last."""

    unit: ThreadUnit

    @property
    def word(self) -> str:
        """`transpose(B)`."""
        return f"transpose({self.block})"

    @cached_property
    def row(self) -> int | None:
        """The dimension of the result that runs along the operand's memory; None if it is the last
        one, or the operand is not read like that."""
        found = list(loads(self.stage))
        if len(found) != 1 or self.stage.reduce_axes or len(found[0].indices) < 2:
            return None
        (load,) = found
        axes = list(self.stage.axes)
        if any(not any(index is axis for axis in axes) for index in load.indices):
            return None
        last = next(d for d, axis in enumerate(axes) if axis is load.indices[-1])
        long = [self.stage.extents[d] >= SIDE for d in (last, -1)]
        return last if last != len(axes) - 1 and all(long) else None

    def knobs(self) -> list[Knob]:
        """Rows of threads, and whether rows of a square lie in other banks each."""
        rows = tuple(n for n in (4, 8, 16, 32) if n * SIDE <= self.unit.threads)
        return [
            ChoiceKnob(f"{self.block}.rows", rows),
            ChoiceKnob(f"{self.block}.pad", (1, 0)),
        ]

    def default(self) -> dict[str, Option]:
        """Four results a thread, no two rows in one bank."""
        return {f"{self.block}.rows": 8, f"{self.block}.pad": 1}

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Squares to blocks, the operand through a copy, rows to rows of threads."""
        rows, pad = config[f"{self.block}.rows"], config[f"{self.block}.pad"]
        assert self.row is not None, "asked only where there is one"
        stage, names = schedule[self.block], self.spatial
        a, b = names[self.row], names[-1]
        (ao, ai), (bo, bi) = stage.split(a, SIDE), stage.split(b, SIDE)
        others = [name for name in names if name not in (a, b)]
        stage.reorder(*others, ao, bo, ai, bi)
        stage.bind(fused(stage, [*others, str(ao)]), "blockIdx.x")
        stage.bind(bo, "blockIdx.y")
        row = ai
        if rows < SIDE:
            again, row = stage.split(ai, rows)
            stage.reorder(row, bi, again)
        stage.bind(row, "threadIdx.y")
        stage.bind(bi, "threadIdx.x")
        (load,) = loads(self.stage)
        team = Team.of(schedule, self.block)
        Fetching(team, 1, pad, 1, self.unit.shared_bytes).fetch(
            schedule, self.block, load.buffer.name, "", str(bo)
        )
