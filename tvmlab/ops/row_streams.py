"""A product with hardly any rows: its other operand read from end to end, in a few streams.

Such a product waits for memory. Hardware fetches ahead by itself along some eight runs of memory,
and begins anew with each new run; so a task takes whole rows of B, as many as are consecutive, and
walks through several parts of them at once. The tasks share the length of the sums, and what each
has summed up is added in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ops.nest import Nest, factored, inner_extents
from tvmlab.schedule import Schedule

TASKS = 16
"""Parts of the sums that threads share."""

STREAMS = 8
"""Runs of memory that a core fetches ahead by itself: with 16 a product with one row took 1.3 times
as long (Zen 4)."""


def has_streams(k: int) -> bool:
    """Whether sums of `k` terms have a part for each task, and rows for each stream in it."""
    return k % TASKS == 0 and k >= TASKS * STREAMS


def stream_rows(schedule: Schedule, block: str, config: Mapping[str, Any]) -> None:
    """Schedule the product `block`, whose loops are y, x and k and whose right operand is not
    packed, as streams.

    Args:
        schedule: it gets the steps appended.
        block: the product.
        config: `tile`, of whose lanes the vectors are, and `parallel`.

    Raises:
        ScheduleError: a step is illegal.
    """
    *_, k = schedule[block].loops
    tasks, _ = schedule[block].split(k, factors=[TASKS, None])
    partial = factored(schedule, block, str(tasks))
    schedule[partial].transform_layout(partial, "y, x, task -> task, y, x")
    extents = inner_extents(schedule, partial, 0)
    y, x, task, rows = extents
    lanes = config["tile"][-1]
    Nest(
        extents=extents,
        cuts={x: (lanes,), rows: (-(-extents[rows] // STREAMS),)},
        order=[(task, 0), (rows, 1), (x, 0), (rows, 0), (y, 0), (x, 1)],
        parallel=1 if config["parallel"] else 0,
        unrolled=[(rows, 0), (y, 0)],
        vectorized=(x, 1),
    ).apply(schedule[partial])
    extents = inner_extents(schedule, block, 0)
    *y_loop, x, task = extents
    Nest(
        extents=extents,
        cuts={x: (lanes,)},
        order=[*[(y, 0) for y in y_loop], (x, 0), (task, 0), (x, 1)],
        vectorized=(x, 1),
    ).apply(schedule[block])
