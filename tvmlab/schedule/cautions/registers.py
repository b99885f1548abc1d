"""Tiles of accumulators that vector registers do not hold."""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.analysis.accumulators import accumulators
from tvmlab.ir.program import Program
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import sites

REGISTERS, REGISTER_BYTES = 32, 64
"""AVX-512 (Intel 64 manual, volume 1, chapter 15); a core with AVX2 has half, of half the size."""

BESIDE = 2
"""Registers that a multiply-add needs beside the accumulators: a vector and a broadcast."""


def registers(program: Program) -> Iterator[Caution]:
    """Reductions whose unrolled and vectorized loops make more accumulators than fit."""
    for site in sites(program):
        needed = accumulators(site.block, site.loops, REGISTER_BYTES)
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
