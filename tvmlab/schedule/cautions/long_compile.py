"""Unrolled and vectorized loops that write out more code than anybody waits for."""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.analysis.accumulators import accumulators
from tvmlab.analysis.code_size import instructions_of, times_written, unshaped_loops
from tvmlab.analysis.compile_time import compile_time_s
from tvmlab.ir.program import LANES, Program
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import sites

NOTICED_S = 1.0
"""What is compiled in less is not worth words; a good tile takes a hundredth of it."""

VECTOR_BYTES = 64
"""AVX-512; narrower vectors need more instructions still."""


def long_compile(program: Program) -> Iterator[Caution]:
    """Blocks whose code takes a second and more to compile, by the number of its instructions."""
    for site in sites(program):
        written_out = [o for o in site.loops if o.kind in ("unrolled", *LANES)]
        if not written_out and times_written(site.loops) == 1:
            continue
        instructions = instructions_of(site.block, site.loops, VECTOR_BYTES)
        held = accumulators(site.block, site.loops, VECTOR_BYTES)
        time_s = compile_time_s(instructions, held, unshaped_loops(site.loops))
        if time_s > NOTICED_S:
            yield Caution(
                "long_compile",
                site.block.name,
                "",
                f"it is written out as about {instructions:,} instructions, which take some "
                f"{time_s:.0f} s to compile",
                "split the unrolled loop and unroll its inner part only, or use fewer lanes",
                time_s,
            )
