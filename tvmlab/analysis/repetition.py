"""Whether loops visit an element of a block more than once, as recomputation does."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from tvmlab.analysis.regions import Ranges, excess
from tvmlab.arith.polynomial import Reach, greatest
from tvmlab.arith.simplify import interval, linear, loop_range
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.walk import blocks_with_loops, substitute, variables


def is_repeated(block: Block, loops: Sequence[For]) -> bool:
    """Whether `loops` may meet some spatial instance of `block` twice.

    By counting: a loop that reaches no binding repeats, and so do loops with more iterations than
    their bindings have values. Steps make only bindings for which this is exact.
    """
    spatial = [b for it, b in zip(block.iters, block.bindings, strict=True) if not it.is_reduce]
    folded = {
        v
        for it, b in zip(block.iters, block.bindings, strict=True)
        if it.is_reduce
        for v in variables(b)
    }
    ranges = {loop.var: loop_range(loop, {}) for loop in loops}
    iterations: Extent = 1
    values: Extent = 1
    for loop in loops:
        if loop.var not in folded:
            iterations = iterations * loop.extent
    for binding in spatial:
        outside: dict[Var, Expr] = {
            v: Const(0, v.dtype) for v in variables(binding) if v not in ranges
        }
        count = _values(substitute(binding, outside), ranges)
        if count is None:
            return True
        values = values * count
    return excess(iterations, values)[1] > 0


def _values(binding: Expr, ranges: Ranges) -> Extent | None:
    """How many values a binding has from its least to its greatest; None where unbounded."""
    low, high = interval(binding, ranges)
    if any(isinstance(ranges.get(v), Reach) for v in variables(binding)):
        most = greatest(linear(binding, ranges), ranges)
        return None if most is None or low == -inf else most + (1 - int(low))
    return None if inf in (-low, high) else int(high - low) + 1


def settled_buffers(program: Program, loop: For) -> set[Buffer]:
    """Buffers whose elements have their value whenever an iteration of `loop` has written them.

    One block alone writes them, and folds over neither `loop` nor a loop around it: where several
    iterations compute an element, each computes the same.
    """
    found: set[Buffer] = set()
    spoiled: set[Buffer] = set()
    for block, loops in blocks_with_loops(program.body):
        outer = {o.var for o in loops[: loops.index(loop) + 1]} if loop in loops else None
        folds = any(
            it.is_reduce and outer is not None and variables(b) & outer
            for it, b in zip(block.iters, block.bindings, strict=True)
        )
        for buffer in {w.buffer for w in block.writes}:
            if buffer in found or outer is None or folds:
                spoiled.add(buffer)
            found.add(buffer)
    return found - spoiled
