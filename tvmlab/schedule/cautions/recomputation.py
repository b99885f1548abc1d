"""Blocks whose instances are executed several times."""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.analysis.executions import operations_below, repetitions, work_again
from tvmlab.analysis.work import operations
from tvmlab.ir.program import Program
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import Site, sites

MOST = 1.5
"""A halo computed twice is often worth it; half as much again of a block's work deserves a word."""

SMALL_SHARE = 0.05
"""Of a program's work: what recomputing adds below that is no loss."""


def recomputation(program: Program) -> Iterator[Caution]:
    """Blocks moved or copied to where they compute the same elements again and again.

    What only copies, for blocks of threads of a GPU, is there to do so: once for each of them.
    """
    for site in sites(program):
        times = repetitions(site.block, site.loops)
        if times <= MOST or _brings_near(site):
            continue
        again = work_again(site.block, site.loops, times)
        if again > SMALL_SHARE * operations_below(program.body):
            yield Caution(
                "recomputation",
                site.block.name,
                "",
                f"each of its elements is computed {times:.3g} times",
                "compute it at a loop further out or let it slide (rolling_buffer), or keep fewer "
                "of its neighbours apart with larger tiles",
                times,
            )


def _brings_near(site: Site) -> bool:
    """Whether a block copies elements inside a kernel, to a memory that is near or is to become."""
    is_inside = any(loop.kind == "bound" for loop in site.loops)
    return is_inside and not operations(site.block)
