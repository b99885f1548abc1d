"""How many instructions a scheduled block becomes, counted on the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod

from tvmlab.analysis.strides import CLOSE, Stride, strides
from tvmlab.analysis.work import operations
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Call
from tvmlab.ir.program import LANES, Block, For
from tvmlab.ir.walk import exprs, exprs_of, stmts

FUNCTION_INSTRUCTIONS = 30
"""Of one exponential, 28; other functions are of the same order."""

LANE_INSTRUCTIONS = 1
"""What a lane that is fetched or left on its own costs a compiler, a gather being taken apart."""


def instructions_of(block: Block, loops: Sequence[For], vector_bytes: int) -> int:
    """About how many instructions are printed for `block` below `loops`.

    Unrolled loops repeat it, vectorized ones are as many vectors as their lanes fill.

    Args:
        block: what is computed.
        loops: the loops around it, outermost first.
        vector_bytes: bytes of a vector register.
    """
    lane_loops = [o for o in loops if o.kind in LANES]
    lanes = prod(o.extent for o in lane_loops if isinstance(o.extent, int))
    widest = max((dtypes.size_bytes(w.buffer.dtype) for w in block.writes), default=4)
    chunks = ceil(lanes * widest / vector_bytes) if lanes > 1 else 1
    every = [e for s in stmts(block.body) for x in exprs_of(s) for e in exprs(x)]
    calls = sum(isinstance(e, Call) for e in every)
    own = operations(block) + (FUNCTION_INSTRUCTIONS - 1) * calls
    if lane_loops:
        accesses = sum(
            LANE_INSTRUCTIONS * lanes if _is_apart(stride) else 2 * chunks
            for stride in strides(block, loops, lane_loops[-1])
        )
    else:
        accesses = 2 * sum(len(r) for r in (block.reads, block.writes))
    return times_written(loops) * (own * chunks + accesses)


def times_written(loops: Sequence[For]) -> int:
    """How often what is below `loops` is written out."""
    return prod(map(_copies, loops))


def unshaped_loops(loops: Sequence[For]) -> int:
    """How many loops are printed whose inside has neither lanes nor copies: a compiler's to shape.

    Args:
        loops: the loops around a block, outermost first.
    """
    shaped = [n for n, o in enumerate(loops) if o.kind in LANES or _copies(o) > 1]
    first = shaped[-1] + 1 if shaped else 0
    return sum(times_written(loops[:n]) for n in range(first, len(loops)))


def _copies(loop: For) -> int:
    if loop.kind == "unrolled":
        return loop.extent if isinstance(loop.extent, int) else 1
    factor = dict(loop.annotations).get("unroll", 1)
    return factor if isinstance(factor, int) else 1


def _is_apart(stride: Stride) -> bool:
    if stride.elements is None:
        return not stride.is_pattern
    return abs(stride.elements) > CLOSE
