"""How many bytes a cache takes in while a program runs, derived from its loops.

Of each statement the outermost loop is taken whose data, all that it and the loops inside touch,
fit into the cache together: they are brought in once for each time that loop is entered, and
reused inside. This is the model of working sets, for a cache that forgets what it used last: what
the data of a neighbouring iteration share is not credited, and lines are not counted whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tvmlab.ir.program import Program
from tvmlab.tune.features.nests import nests_of
from tvmlab.tune.features.statement import read


class Traffic(NamedTuple):
    """Bytes that a cache takes in, and how they come about, in words."""

    size_bytes: int
    words: str


def traffic_of(program: Program, cache_bytes: int) -> Traffic:
    """What a cache of `cache_bytes`, empty at first, takes in while `program` runs once."""
    reading = read(program)
    nests = nests_of([reading], most=len(reading.statements))
    total, told = 0, []
    for number, statement in enumerate(reading.statements):
        touched = nests.touched_bytes[0, number]
        inner = nests.inner[0, number]
        loops = len(statement.axes)
        held = np.flatnonzero(touched[:loops] <= cache_bytes)
        executions = int(nests.executions[0, number])
        if held.size:
            place = int(held[-1])
            entries, size = executions // int(inner[place]), int(touched[place])
            what = f"{int(inner[place]):,} iterations in a row touch {size:,} bytes"
        else:
            entries = executions
            size = int((nests.element_bytes[0, number]).sum())
            what = f"no loop's data fit, so each iteration brings in its own {size} bytes"
        total += entries * size
        told.append(f"{what}, {entries:,} times")
    return Traffic(total, f"a cache of {cache_bytes:,} bytes takes in {total:,}: {'; '.join(told)}")
