"""Which loops could own an intermediate: each iteration would have one of its own."""

from __future__ import annotations

from tvmlab.analysis.parallelism import is_private
from tvmlab.ir.axis import BLOCK_AXES, axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import LANES, For, Program
from tvmlab.ir.walk import blocks_with_loops


def common_loops(program: Program, buffer: Buffer) -> list[For]:
    """The loops around every block that touches `buffer`, outermost first."""
    common: list[For] | None = None
    for block, loops in blocks_with_loops(program.body):
        if buffer in [r.buffer for r in (*block.reads, *block.writes)]:
            common = [o for o in loops if o in common] if common is not None else list(loops)
    return common or []


def loops_to_owner(program: Program, buffer: Buffer) -> list[For]:
    """The loops from the outermost to the innermost that could own `buffer`; none if none could.

    The lanes of a vectorized loop run together: none of them owns a buffer alone.
    """
    around = common_loops(program, buffer)
    lanes = next((n for n, o in enumerate(around) if o.kind in LANES), len(around))
    around = around[:lanes]
    owner = next((o for o in reversed(around) if is_private(program, o, buffer)), None)
    return around[: around.index(owner) + 1] if owner is not None else []


def handed_on(program: Program, buffer: Buffer, scope: str) -> For | None:
    """A bound loop whose iterations would share `buffer`, though each has a `scope` of its own.

    Shared memory is of a block of threads, so threads may share it; warp and local memory are not
    handed from one iteration of any bound loop to another.
    """
    around = loops_to_owner(program, buffer)
    for block, loops in blocks_with_loops(program.body):
        if buffer in [r.buffer for r in (*block.reads, *block.writes)]:
            for loop in loops:
                axis = axis_of(loop)
                owns = axis is not None and (scope != "shared" or axis in BLOCK_AXES)
                if owns and loop not in around:
                    return loop
    return None
