"""Whether what is read of an intermediate has been written."""

from __future__ import annotations

from tvmlab.analysis.accesses import accesses
from tvmlab.analysis.parallelism import writes_first
from tvmlab.analysis.polyhedra import is_written_before
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Program


def is_initialised(program: Program, buffer: Buffer) -> bool:
    """Whether each read of an intermediate surely finds its element written earlier.

    Boxes answer for what computes all of a region; the rest is put to exact integer sets. What is
    neither a box nor affine counts as not proved.
    """
    if buffer not in program.buffers or writes_first(program.body, buffer, {}, ()):
        return True
    every = [a for a in accesses(program.body) if a.buffer is buffer]
    writes, reads = [a for a in every if a.is_write], [a for a in every if not a.is_write]
    return bool(writes) and is_written_before(writes, reads, ())
