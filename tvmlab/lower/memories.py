"""Memories of a kernel: what its blocks and threads have for themselves is allocated inside it.

    T = allocate(float32[64], scope="shared")        for b in bound(8, thread="blockIdx.x"):
    for b in bound(8, thread="blockIdx.x"):              for x in bound(64, thread="threadIdx.x"):
        for x in bound(64, thread="threadIdx.x"):            T = allocate(.., scope="shared")
            T[x] = ...                          ->           T[x] = ...

One that is shared is there once a block, however many threads come by its allocation.
"""

from __future__ import annotations

from tvmlab.errors import TargetError
from tvmlab.ir.axis import VIRTUAL_AXES, axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.kernel import is_kernel, on_kernels, outermost, touched
from tvmlab.ir.program import Allocate, For, Program, Stmt
from tvmlab.lower.storage import OWNED


def place_memories(program: Program) -> Program:
    """The program with each intermediate that a kernel owns inside that kernel.

    Raises:
        TargetError: two kernels share what belongs to the threads of one.
    """
    body = program.body
    kept: list[Buffer] = []
    for buffer in program.buffers:
        where = [part for part in outermost(body) if any(b is buffer for b, _ in touched(part))]
        if buffer.scope not in OWNED or not any(map(is_kernel, where)):
            kept.append(buffer)
            continue
        if len(where) > 1:
            raise TargetError(
                f"{buffer.name} is {buffer.scope} memory and outlives no kernel, but {len(where)} "
                'parts of the program use it; set_scope it to "global", or compute_at its reader.'
            )
        (place,) = where
        body = _inside(body, place, buffer)
    return Program(program.name, program.params, program.outputs, kept, body)


def _inside(body: Stmt, kernel: Stmt, buffer: Buffer) -> Stmt:
    """A program's body with the buffer allocated in one of its kernels."""
    return on_kernels(body, lambda s: _allocated(s, buffer) if s is kernel else s)


def _allocated(stmt: Stmt, buffer: Buffer) -> Stmt:
    """The kernel with the buffer allocated by each thread, inside its bound loops."""
    axis = axis_of(stmt) if isinstance(stmt, For) else None
    if isinstance(stmt, For) and axis is not None and axis not in VIRTUAL_AXES:
        return stmt.replace(body=_allocated(stmt.body, buffer))
    return Allocate(buffer, stmt)
