"""Packed operands: a copy in panels, so that an innermost loop reads memory from end to end.

Rows of a large matrix are far apart, often by a power of two, and then compete for the same few
lines of a cache. In a panel, what a register tile needs in one step of the reduction stands beside
what it needs in the next (Goto and van de Geijn, Anatomy of high-performance matrix multiplication,
2008).
"""

from __future__ import annotations

from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site

TOGETHER = 16
"""Columns that are copied at once: as many as a line of the caches holds of four bytes each."""

WIDTH = 32
"""Elements of a row that are copied in one go: of a narrow panel's alone, lines would be read again
for the next panel, by when they have left the cache."""

SQUARES = (4, 8, 16)
"""Rows that the target transposes in registers, a square at a time, when they are lanes."""


def pack(
    schedule: Schedule, block: str, operand: str, dimension: int, size: int, parallel: bool
) -> None:
    """Let `block` read the matrix `operand` through a copy in panels.

    Args:
        schedule: it gets the steps appended.
        block: the block that reads.
        operand: the buffer, of two dimensions.
        dimension: which of them is cut, 0 or 1.
        size: how many of its indices a panel has, which become the copy's innermost dimension.
        parallel: whether threads share the panels.

    Raises:
        ScheduleError: a step is illegal.
    """
    before = set(schedule.blocks)
    schedule[block].cache_read(operand)
    (copy,) = set(schedule.blocks) - before
    stage = schedule[copy]
    cut, other = ("i", "j") if dimension == 0 else ("j", "i")
    stage.transform_layout(copy, f"i, j -> {cut} // {size}, {other}, {cut} % {size}")
    site = find_site(schedule.mod, copy)
    assert site is not None, "the copy was made above"
    names = {n: loop.var.name for n, loop in enumerate(site.loops)}
    if len(names) < 2:
        return  # a dimension of one element: the copy is a line as it is
    inside, panel = names[dimension], None
    if site.loops[dimension].extent != size:
        panel, inside = stage.split(names[dimension], size)
    along = names[1 - dimension]
    stage.reorder(*([panel] if panel else []), along, inside)
    if dimension == 1:
        stage.vectorize(inside)
        if panel and WIDTH // size > 1:
            panel, beside = stage.split(panel, WIDTH // size)
            stage.reorder(panel, along, beside, inside)
    elif size in SQUARES and site.loops[1].extent >= TOGETHER:
        along, columns = stage.split(along, TOGETHER)
        stage.unroll(columns)
        stage.vectorize(inside)
    else:
        stage.unroll(inside)
    if parallel:
        stage.parallel(panel or along)
