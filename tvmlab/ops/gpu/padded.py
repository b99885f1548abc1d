"""Whole tiles: operands padded with zeros, so that no loop but those that copy asks for ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tvmlab.ops.gpu.team import site_of
from tvmlab.schedule import Schedule
from tvmlab.schedule.primitives.pad_einsum import PadEinsum


class Padded(NamedTuple):
    """What a fold reads, and what takes up its results.

    Attributes:
        follower: the block that takes up each result once; "" if there is none.
        read: buffer -> the block that computes it, "" for one handed in.
    """

    follower: str
    read: dict[str, str]


def padded(
    schedule: Schedule,
    block: str,
    sizes: Sequence[int],
    follower: str,
    read: Mapping[str, str],
) -> Padded:
    """Round what a fold goes over up to tiles, if its operands can be padded with zeros.

    What computes an operand where it is read is then written out in its padded copy.

    Args:
        sizes: of a tile, along each variable of the block.

    Raises:
        ScheduleError: a step is illegal.
    """
    asked = PadEinsum(block, tuple(sizes))
    if asked.check(schedule.mod) is not None:
        return Padded(follower, dict(read))
    known = set(schedule.blocks)
    schedule.apply(asked)
    made = {
        site_of(schedule, name).block.writes[0].buffer.name: name
        for name in schedule.blocks
        if name not in known
    }
    sources = {copy: site_of(schedule, copy).block.reads[0].buffer.name for copy in made.values()}
    own = [r.buffer.name for r in site_of(schedule, block).block.reads]
    found = {
        name: made.pop(name, read.get(name, "")) for name in own if name in made or name in read
    }
    for source, maker in read.items():
        if maker and source in [sources.get(copy) for copy in found.values()]:
            schedule[maker].compute_inline()
    (store,) = made.values() or ("",)
    if store and follower:
        schedule[store].compute_inline()
        store = follower
    return Padded(store or follower, found)
