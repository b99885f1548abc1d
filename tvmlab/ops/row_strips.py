"""A product with few rows: its other operand read once, where it stands, in strips of its rows.

Such a product has little to compute for each element of B, and waits for what it must read. A copy
of B would cost as much again. So a task takes some rows of B at once, a strip, and goes along it:
a register tile has all the rows of C and as many columns as there are registers, so that each
element of B is read once. The sums, which every strip adds to, stay in the nearest caches: as tiles
one after the other, since rows of C are often apart by a power of two and would compete for the
same few lines. Hardware fetches ahead along fewer runs of memory than a strip has rows, hence the
hints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ops.nest import Nest, inner_extents
from tvmlab.ops.register_tile import tiles_of_block
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site

AHEAD = 2
"""Tiles between a hint and the loads it is for. The work on one tile lasts about as long as a miss,
and what comes too early has left the first cache again (Zen 4, B of 64 MiB: 1.2 times as long with
1 as with 2, 1.1 with 4)."""


def strip_rows(
    schedule: Schedule, block: str, operand: str, config: Mapping[str, Any], reader: str = ""
) -> None:
    """Schedule the product `block`, whose loops are y, x and k, in strips.

    Args:
        schedule: it gets the steps appended.
        block: the product.
        operand: the buffer B, of the product's columns, not packed.
        config: `tile`, `columns` of a task, `depth` of a strip, and `parallel`.
        reader: the block that reads the sums element for element; "" where they are the result,
            which then is what reads the tiles.

    Raises:
        ScheduleError: a step is illegal.
    """
    if not reader:
        before = set(schedule.blocks)
        schedule[block].cache_write()
        (reader,) = set(schedule.blocks) - before
    site = find_site(schedule.mod, block)
    assert site is not None, "the product is a block of the schedule"
    sums = site.block.writes[0].buffer.name
    extents = inner_extents(schedule, block, 0)
    y, x, *reduced = extents
    rows, lanes = config["tile"]
    tiles = tiles_of_block(extents[x], lanes, config["columns"])
    loops = Nest(
        extents=extents,
        cuts={y: (rows,), x: (tiles, lanes), **dict.fromkeys(reduced, (config["depth"],))},
        order=[
            (x, 0), *[(z, 0) for z in reduced], (x, 1), (y, 0), *[(z, 1) for z in reduced],
            (y, 1), (x, 2),
        ],
        parallel=1 if config["parallel"] else 0,
        unrolled=[(y, 1)],
        vectorized=(x, 2),
    ).apply(schedule[block])  # fmt: skip
    around = int((x, 0) in loops)
    if around:
        schedule[reader].reverse_compute_at(block, loops[x, 0])
    for along, extent in list(inner_extents(schedule, reader, around).items())[-1:]:
        stage = schedule[reader]
        stage.vectorize(stage.split(along, lanes)[1] if extent > lanes else along)
    schedule[block].transform_layout(sums, f"i, j -> j // {lanes}, i, j % {lanes}")
    steps = next((loops[z, 1] for z in reduced if (z, 1) in loops), None)
    if steps and min(tiles, -(-extents[x] // lanes)) > AHEAD:
        schedule[block].prefetch(operand, loops[x, 1], AHEAD, steps)
