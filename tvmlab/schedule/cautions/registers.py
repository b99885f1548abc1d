"""Tiles of accumulators that vector registers do not hold."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod

from tvmlab.ir import dtypes
from tvmlab.ir.program import Program
from tvmlab.ir.walk import variables
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import Site, sites

REGISTERS, REGISTER_BYTES = 32, 64
"""AVX-512 (Intel 64 manual, volume 1, chapter 15); a core with AVX2 has half, of half the size."""

BESIDE = 2
"""Registers that a multiply-add needs beside the accumulators: a vector and a broadcast."""


def registers(program: Program) -> Iterator[Caution]:
    """Reductions whose unrolled and vectorized loops make more accumulators than fit."""
    for site in sites(program):
        needed = _accumulators(site)
        if needed + BESIDE > REGISTERS:
            yield Caution(
                "registers",
                site.block.name,
                "",
                f"its results need {needed} vector registers of the {REGISTERS} there are, and the "
                "rest are stored and loaded again in every step",
                f"unroll less, so that they take at most {REGISTERS - BESIDE}",
                needed / REGISTERS,
            )


def _accumulators(site: Site) -> int:
    """Vector registers that the results of the loops inside the innermost reduction fill."""
    block = site.block
    folded = {
        v
        for it, b in zip(block.iters, block.bindings, strict=True)
        if it.is_reduce
        for v in variables(b)
    }
    depths = [n for n, o in enumerate(site.loops) if o.var in folded and o.kind == "serial"]
    if not depths:
        return 0
    inner = [o for o in site.loops[depths[-1] + 1 :] if o.var not in folded]
    if not all(o.kind in ("unrolled", "vectorized") for o in inner):
        return 0  # the tile is in memory in any case
    sizes = [dtypes.size_bytes(w.buffer.dtype) for w in block.writes]
    lanes = prod(o.extent for o in inner if o.kind == "vectorized" and isinstance(o.extent, int))
    copies = prod(o.extent for o in inner if o.kind == "unrolled" and isinstance(o.extent, int))
    return copies * sum(ceil(lanes * n / REGISTER_BYTES) for n in sizes) if inner else 0
