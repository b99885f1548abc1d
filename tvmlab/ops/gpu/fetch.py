"""Cooperative fetching: what a block of threads reads often, its threads first copy together."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ops.gpu.team import Team, own_loops, site_of
from tvmlab.schedule import Schedule

BANKS = 32
"""Words of shared memory that are read at one time, of all GPUs known."""


@dataclass
class Fetching:
    """How copies are made, and how much shared memory is left for them.

    Attributes:
        team: the threads.
        lanes: elements that a thread moves at once, where rows allow.
        pad: elements by which rows that would lie in the same banks are moved apart; 0: none.
        copies: of each buffer: 2 where one is filled while the other is read.
        bytes_left: of shared memory.
    """

    team: Team
    lanes: int
    pad: int
    copies: int
    bytes_left: int

    def fetch(self, schedule: Schedule, reader: str, source: str, maker: str, at: str) -> bool:
        """Let `reader` read `source` through a copy made in its loop `at`, if there is room.

        Args:
            source: the buffer.
            maker: the block that computes it, which takes the place of a copy; "" if there is none.
            at: the loop.

        Raises:
            ScheduleError: a step is illegal.
        """
        extents = box_extents(schedule, reader, source, at)
        buffer = _read(schedule, reader, source)
        row = extents[-1] if extents else 1
        pad = self.pad if len(extents) > 1 and row % BANKS == 0 else 0
        taken = prod(extents) // max(row, 1) * (row + pad) * size_bytes(buffer.dtype) * self.copies
        if taken > self.bytes_left:
            return False
        self.bytes_left -= taken
        copy = maker
        if not maker:
            known = set(schedule.blocks)
            schedule[reader].cache_read(source)
            (copy,) = set(schedule.blocks) - known
        stage = schedule[copy]
        stage.compute_at(reader, at)
        whole = 0 if maker else buffer.extents[-1] if buffer.shape else 1
        lanes = next(n for n in (self.lanes, 2, 1) if n <= self.lanes and row % n == 0 == whole % n)
        loops = [o.var.name for o in own_loops(schedule, copy, at)]
        self.team.take(schedule, copy, loops, 1 if maker else lanes)
        written = site_of(schedule, copy).block.writes[0].buffer.name
        if pad:
            stage.storage_align(written, len(extents) - 2, BANKS, pad)
        stage.set_scope(written, "shared")
        return True


def box_extents(schedule: Schedule, reader: str, source: str, at: str) -> tuple[int, ...]:
    """The extents of the box of `source` that one iteration of the loop `at` reads."""
    box = schedule.box_read(reader, source, at)
    extents = [
        whole if span is None else span.extent
        for span, whole in zip(box, _read(schedule, reader, source).shape, strict=True)
    ]
    return tuple(e for e in extents if isinstance(e, int))


def _read(schedule: Schedule, reader: str, source: str) -> Buffer:
    """The buffer of that name that a block reads."""
    return next(r.buffer for r in schedule.block(reader).reads if r.buffer.name == source)
