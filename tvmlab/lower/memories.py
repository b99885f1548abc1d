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
from tvmlab.ir.kernel import is_kernel, touched
from tvmlab.ir.program import Allocate, For, Program, Seq, Stmt
from tvmlab.lower.storage import OWNED


def place_memories(program: Program) -> Program:
    """The program with each intermediate that a kernel owns inside that kernel.

    Raises:
        TargetError: two kernels share what belongs to the threads of one.
    """
    parts = list(program.body.stmts) if isinstance(program.body, Seq) else [program.body]
    kept: list[Buffer] = []
    for buffer in program.buffers:
        where = [n for n, part in enumerate(parts) if any(b is buffer for b, _ in touched(part))]
        if buffer.scope not in OWNED or not any(is_kernel(parts[n]) for n in where):
            kept.append(buffer)
            continue
        if len(where) > 1:
            raise TargetError(
                f"{buffer.name} is {buffer.scope} memory and outlives no kernel, but {len(where)} "
                'parts of the program use it; set_scope it to "global", or compute_at its reader.'
            )
        (place,) = where
        parts[place] = _allocated(parts[place], buffer)
    body = parts[0] if len(parts) == 1 else Seq(parts)
    return Program(program.name, program.params, program.outputs, kept, body)


def _allocated(stmt: Stmt, buffer: Buffer) -> Stmt:
    """The kernel with the buffer allocated by each thread, inside its bound loops."""
    axis = axis_of(stmt) if isinstance(stmt, For) else None
    if isinstance(stmt, For) and axis is not None and axis not in VIRTUAL_AXES:
        return stmt.replace(body=_allocated(stmt.body, buffer))
    return Allocate(buffer, stmt)
