"""The results that a reduction's innermost loop folds into at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod

from tvmlab.ir import dtypes
from tvmlab.ir.program import Block, For
from tvmlab.ir.walk import variables


def accumulators(block: Block, loops: Sequence[For], register_bytes: int) -> int:
    """Vector registers that the results of the loops inside the innermost reduction fill.

    0 where one of these loops stays a loop: the results are in memory in any case.

    Args:
        block: what is computed.
        loops: the loops around it, outermost first.
        register_bytes: bytes of a vector register.
    """
    folded = {
        v
        for it, b in zip(block.iters, block.bindings, strict=True)
        if it.is_reduce
        for v in variables(b)
    }
    depths = [n for n, o in enumerate(loops) if o.var in folded and o.kind == "serial"]
    if not depths:
        return 0
    inner = [o for o in loops[depths[-1] + 1 :] if o.var not in folded]
    if not all(o.kind in ("unrolled", "vectorized") for o in inner):
        return 0
    sizes = [dtypes.size_bytes(w.buffer.dtype) for w in block.writes]
    lanes = prod(o.extent for o in inner if o.kind == "vectorized" and isinstance(o.extent, int))
    copies = prod(o.extent for o in inner if o.kind == "unrolled" and isinstance(o.extent, int))
    return copies * sum(ceil(lanes * n / register_bytes) for n in sizes) if inner else 0
