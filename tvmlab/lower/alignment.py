"""Alignment: the shapes of intermediates grow until neighbours are as far apart as was asked.

    T = allocate(float32[64, 64], align=[[0, 1024, 16]])  ->  T = allocate(float32[64, 1040])

So rows that would all begin at the same place of a cache begin at different ones. Who reads or
writes an element says the same indices as before; what is added is never touched.
"""

from __future__ import annotations

from tvmlab.arith.pitch import as_stored
from tvmlab.ir.program import Program
from tvmlab.ir.walk import replace_buffers


def align_storage(program: Program) -> Program:
    """Every intermediate in a shape that has its alignments, where there is one."""
    grown = {b: as_stored(b) for b in program.buffers if b.alignments}
    if not grown:
        return program
    body = replace_buffers(program.body, grown)
    buffers = [grown.get(b, b) for b in program.buffers]
    return Program(program.name, program.params, program.outputs, buffers, body)
