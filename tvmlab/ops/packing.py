"""Packed operands: a copy in panels, so that an innermost loop reads memory from end to end.

Rows of a large matrix are far apart, often by a power of two, and then compete for the same few
lines of a cache. In a panel, what a register tile needs in one step of the reduction stands beside
what it needs in the next (Goto and van de Geijn, Anatomy of high-performance matrix multiplication,
2008).
"""

from __future__ import annotations

from math import prod

from tvmlab.ops.nest import fused
from tvmlab.schedule import Schedule

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
    """Let `block` read `operand` through a copy in panels.

    Args:
        schedule: it gets the steps appended.
        block: the block that reads.
        operand: the buffer, of two or more dimensions.
        dimension: which of them is cut.
        size: how many of its indices a panel has, which become the copy's innermost dimension.
        parallel: whether threads share the panels.

    Raises:
        ScheduleError: a step is illegal.
    """
    before = set(schedule.blocks)
    schedule[block].cache_read(operand)
    (copy,) = set(schedule.blocks) - before
    stage = schedule[copy]
    site = schedule.site(copy)
    assert site is not None, "the copy was made above"
    # Of dimensions of one element there are no loops.
    loops = [next((o for o in site.loops if o.var is b), None) for b in site.block.bindings]
    stage.transform_layout(copy, _panels(len(loops), dimension, size))
    cut = loops[dimension]
    outer = [o for o in loops[:dimension] if o is not None]
    behind = [o for o in loops[dimension + 1 :] if o is not None]
    is_last = not behind
    run = behind or outer[-1:]
    if cut is None or not run:
        return  # the copy is a line as it is
    assert isinstance(cut.extent, int), "templates plan for known extents"
    lead = [o.var.name for o in outer if o not in run]
    extent = prod(o.extent for o in run if isinstance(o.extent, int))
    along = fused(stage, [o.var.name for o in run])
    inside, panel = cut.var.name, None
    if cut.extent != size:
        panel, inside = stage.split(inside, size)
    stage.reorder(*lead, *([panel] if panel else []), along, inside)
    if is_last:
        stage.vectorize(inside)
        together = min(WIDTH // size, -(-cut.extent // size)) if panel else 1
        if panel and together > 1:
            panel, beside = stage.split(panel, together)
            stage.reorder(panel, along, beside, inside)
    elif size in SQUARES and extent >= TOGETHER:
        along, columns = stage.split(along, TOGETHER)
        stage.unroll(columns)
        stage.vectorize(inside)
    else:
        stage.unroll(inside)
    if parallel:
        shared = [*lead, str(panel or along)]
        stage.parallel(fused(stage, shared))


def _panels(rank: int, dimension: int, size: int) -> str:
    """The layout that puts `size` indices of a dimension last, and their panels after the
    dimensions before it; of a matrix the panels come first."""
    names = [f"i{n}" for n in range(rank)]
    cut = names[dimension]
    before, behind = names[:dimension], names[dimension + 1 :]
    lead, along = (before, behind) if behind else (before[:-1], before[-1:])
    places = [*lead, f"{cut} // {size}", *along, f"{cut} % {size}"]
    return f"{', '.join(names)} -> {', '.join(places)}"
