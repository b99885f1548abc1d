"""Loops bound to hardware axes, for a machine that has none: blocks in parallel, threads in turn.

    for y in bound(8, thread="blockIdx.x"):              for y in parallel(8):
        for x in bound(32, thread="threadIdx.x"): S  ->      for x in range(32): S
        for x in bound(32, thread="threadIdx.x"): T          for x in range(32): T

A nest of threads is over before the next one begins, which is what a barrier between the two
would bring about.
"""

from __future__ import annotations

from tvmlab.ir.axis import BLOCK_AXES, VIRTUAL_AXES, axis_of
from tvmlab.ir.program import Block, For, Program, Stmt
from tvmlab.ir.walk import map_children


def take_turns(program: Program) -> Program:
    """The program without bound loops but those of virtual threads, which lowering interleaves."""
    return program.with_body(_visit(program.body, False))


def _visit(stmt: Stmt, is_shared_out: bool) -> Stmt:
    """`stmt` without bound loops; threads do not nest, so only outermost blocks are shared out."""
    if isinstance(stmt, Block):
        return stmt
    inside = is_shared_out or (isinstance(stmt, For) and axis_of(stmt) in BLOCK_AXES)
    new = map_children(stmt, lambda s: _visit(s, inside), lambda e: None)
    if not isinstance(new, For) or new.kind != "bound" or axis_of(new) in VIRTUAL_AXES:
        return new
    kind = "parallel" if inside and not is_shared_out else "serial"
    return new.replace(kind=kind, annotations=())
