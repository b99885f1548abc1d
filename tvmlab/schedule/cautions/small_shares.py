"""Parallel loops that are entered so often, for so little, that handing over costs more."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from tvmlab.analysis.executions import operations_below
from tvmlab.ir.program import Program
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import sites

LAUNCH_S = 0.1e-6
"""One hand-over to threads that are awake: 4096 launches of two iterations in 0.35 ms, against
0.01 ms for the serial loop. Threads that sleep take 50 us more to wake."""

OPERATIONS_PER_S = 20e9
"""A cautious guess of what one core does meanwhile."""


def small_shares(program: Program) -> Iterator[Caution]:
    """Parallel loops with less work in one execution than the hand-over costs."""
    seen = set()
    for site in sites(program):
        for depth, loop in enumerate(site.loops):
            if loop.kind != "parallel" or loop in seen:
                continue
            seen.add(loop)
            launches = prod(o.extent for o in site.loops[:depth] if isinstance(o.extent, int))
            work_s = operations_below(loop) / OPERATIONS_PER_S
            if launches > 1 and 0 < work_s < LAUNCH_S * 2:
                yield Caution(
                    "small_shares",
                    site.block.name,
                    loop.var.name,
                    f"it is handed to threads {launches:,} times, each costs about "
                    f"{LAUNCH_S * 1e6:.1f} us and brings {work_s * 1e6:.2g} us of work",
                    "parallelize an outer loop",
                    LAUNCH_S / work_s,
                )
