"""Whether loops visit an element of a block more than once, as recomputation does."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from tvmlab.arith.simplify import interval, loop_range
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import Block, For
from tvmlab.ir.walk import substitute, variables


def is_repeated(block: Block, loops: Sequence[For]) -> bool:
    """Whether `loops` surely meet some spatial instance of `block` twice.

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
    iterations, values = 1, 1.0
    for loop in loops:
        if loop.var not in folded and isinstance(loop.extent, int):
            iterations *= loop.extent
    for binding in spatial:
        outside: dict[Var, Expr] = {
            v: Const(0, v.dtype) for v in variables(binding) if v not in ranges
        }
        low, high = interval(substitute(binding, outside), ranges)
        values *= high - low + 1 if high < inf else inf
    return iterations > values
