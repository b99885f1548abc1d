"""Vector lanes whose elements do not stand side by side in memory."""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.analysis.strides import CLOSE, strides
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Program
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import Site, sites

SQUARE = 4
"""From so many neighbouring columns on, read in unrolled iterations, they may be loaded as whole
rows and transposed in registers: there must be as many as lanes, of which float32 has 4 or more."""


def scattered_lanes(program: Program) -> Iterator[Caution]:
    """Vectorized loops along which a buffer is accessed with a large or a changing stride."""
    for site in sites(program):
        for loop in site.loops:
            if loop.kind != "vectorized":
                continue
            folds = any(it.is_reduce for it in site.block.iters)
            own = {w.buffer for w in site.block.writes}
            squares = _read_in_squares(site)
            for stride in strides(site.block, site.loops, loop):
                apart = stride.elements
                if stride.buffer.scope == "register" or (apart is not None and abs(apart) <= CLOSE):
                    continue
                if stride.is_pattern:
                    continue
                if not stride.is_store and apart is not None and stride.buffer in squares:
                    continue
                if folds and stride.buffer in own:
                    continue  # an accumulator: stored once, after many steps in registers
                verb = "writes" if stride.is_store else "reads"
                where = "at scattered places" if apart is None else f"{abs(apart)} elements apart"
                yield Caution(
                    "scattered_lanes",
                    site.block.name,
                    loop.var.name,
                    f"it {verb} {stride.buffer.name} {where}, so its {loop.extent} lanes are "
                    f"{loop.extent} accesses, as slow as no vector at all",
                    f"vectorize along the last dimension of {stride.buffer.name}, cache_read "
                    "it in that order first, or unroll a loop along that dimension before",
                    2.0,
                )
                break


def _read_in_squares(site: Site) -> set[Buffer]:
    """Buffers whose neighbouring columns are read in unrolled iterations."""
    return {
        stride.buffer
        for loop in site.loops
        if loop.kind == "unrolled" and isinstance(loop.extent, int) and loop.extent >= SQUARE
        for stride in strides(site.block, site.loops, loop)
        if stride.elements == 1 and not stride.is_store
    }
