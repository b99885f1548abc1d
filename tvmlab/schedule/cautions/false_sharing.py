"""Threads that write into the same cache lines, and take these from each other."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod

from tvmlab.analysis.executions import operations_below
from tvmlab.analysis.strides import strides
from tvmlab.ir import dtypes
from tvmlab.ir.program import For, Program
from tvmlab.ir.walk import variables
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.cautions.small_shares import OPERATIONS_PER_S
from tvmlab.schedule.find import Site, sites

LINE_BYTES = 64

TRANSFER_S = 1.5e-9
"""What a store costs more where another core writes the same lines: 2**20 floats of which two
threads write every other one each take 1.3 times as long as on one thread, and every fourth of
eight 1.4 times, where whole lines take half."""

FEWEST = 16
"""Stores of an iteration: with fewer there is nothing to wait for but the launch itself."""

MOST = 0.5
"""Of the work's own time: up to it the lines' way from core to core is no loss."""


def false_sharing(program: Program) -> Iterator[Caution]:
    """Parallel loops whose iterations write so close together that no thread has a line to itself.

    Threads take neighbouring iterations each. Where even half of all iterations write less than a
    line side by side, every line that is written is written by several threads.
    """
    for site in sites(program):
        for depth, loop in enumerate(site.loops):
            if loop.kind != "parallel" or not isinstance(loop.extent, int) or loop.extent < 2:
                continue
            work_s = operations_below(loop) / loop.extent / OPERATIONS_PER_S
            stores = _stores(site, depth)
            moving_s = stores * TRANSFER_S
            if stores < FEWEST or moving_s <= MOST * work_s:
                continue
            for stride in strides(site.block, site.loops, loop):
                size = dtypes.size_bytes(stride.buffer.dtype)
                if not stride.is_store or not stride.elements or stride.buffer.scope == "register":
                    continue
                share_bytes = abs(stride.elements) * size * ceil(loop.extent / 2)
                if share_bytes < LINE_BYTES:
                    yield Caution(
                        "false_sharing",
                        site.block.name,
                        loop.var.name,
                        f"its iterations write {stride.buffer.name} {abs(stride.elements) * size} "
                        f"bytes apart, so threads share every line of {LINE_BYTES} and wait for it "
                        "at each store",
                        "parallelize a loop whose iterations write whole lines",
                        moving_s / max(work_s, 1e-9),
                    )
                    break


def _stores(site: Site, depth: int) -> int:
    """Stores of a result in one iteration of the loop at `depth`; one for each vector.

    Sums count once where they may stay in registers: no serial loop of the result runs inside them.
    """
    folded = {
        v
        for it, binding in zip(site.block.iters, site.block.bindings, strict=True)
        if it.is_reduce
        for v in variables(binding)
    }
    inner = [o for o in site.loops[depth + 1 :] if o.kind != "vectorized"]
    folds = [n for n, o in enumerate(inner) if o.var in folded]
    after = inner[folds[0] :] if folds else []
    if all(o.var in folded or o.kind == "unrolled" for o in after):
        inner = [o for o in inner if o.var not in folded]
    return prod(_extent(o) for o in inner)


def _extent(loop: For) -> int:
    return loop.extent if isinstance(loop.extent, int) else 1
