"""How the threads of a warp share out the rows of a tile that one instruction loads.

`ldmatrix` moves pieces of 16 bytes, thread by thread down the rows and then to the next 16 bytes of
each (PTX ISA, "Warp-level matrix load instruction: ldmatrix"); as threads that load 16 bytes each,
eight are served at a time. Tiles of operands come to `mma` that way where the instruction takes
them as they lie; bytes and words of a right operand that is kept by rows are picked one by one.
"""

from __future__ import annotations

from tvmlab.analysis.accesses import Limit
from tvmlab.analysis.kernel_accesses import SHARED, KernelAccess
from tvmlab.analysis.launch import WARP
from tvmlab.ir import dtypes
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For
from tvmlab.ir.walk import substitute

PIECE_BYTES = 16


def shared_out(what: KernelAccess) -> KernelAccess:
    """An access of `ldmatrix` as what its threads do; any other as it is."""
    access = what.access
    size = dtypes.size_bytes(access.buffer.dtype)
    family, *words = what.instruction.split("_")
    if family != "mma" or words[:1] != ["load"] or access.is_write or what.memory != SHARED:
        return what
    if words[1] == "b" and size != 2:
        return what
    *around, rows, columns = access.loops
    lanes = PIECE_BYTES // size
    if not isinstance(rows.extent, int) or not isinstance(columns.extent, int):
        return what
    pieces = rows.extent * columns.extent // lanes
    thread, lane = Var("lane"), Var("element")
    height = Const(rows.extent, INDEX)
    at: dict[Var, Expr] = {
        rows.var: thread % height,
        columns.var: thread // height * Const(lanes, INDEX) + lane,
    }
    limits = [Limit(substitute(x.condition, at), x.holds) for x in access.limits]
    if pieces < WARP:
        limits.append(Limit(thread < Const(pieces, INDEX), True))
    inside = For(lane, lanes, columns.body, "vectorized")
    warp = For(thread, WARP, inside, "bound", (("thread", "threadIdx.x"),))
    made = access._replace(
        loops=(*around, warp, inside),
        indices=tuple(substitute(index, at) for index in access.indices),
        limits=tuple(limits),
    )
    return what._replace(access=made, instruction="")
