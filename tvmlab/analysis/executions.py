"""How often a schedule executes what an expression asks for once."""

from __future__ import annotations

from math import prod

from tvmlab.analysis.work import operations
from tvmlab.arith import Interval
from tvmlab.arith.simplify import interval, loop_range
from tvmlab.ir.conjuncts import conjuncts
from tvmlab.ir.expr import Binary, Const, Var
from tvmlab.ir.program import Block, For, Stmt
from tvmlab.ir.walk import blocks_with_loops


def operations_below(stmt: Stmt) -> float:
    """Operations on elements that one execution of `stmt` makes, predicates taken to hold.

    Loops of symbolic extent count as one iteration.
    """
    return sum(_iterations(loops) * operations(block) for block, loops in blocks_with_loops(stmt))


def work_again(block: Block, loops: tuple[For, ...], times: float) -> float:
    """Operations that executing `block` below `loops`, each instance `times` over, makes in excess;
    an instance that only copies counts as one."""
    return (1 - 1 / times) * _iterations(loops) * max(1, operations(block))


def repetitions(block: Block, loops: tuple[For, ...]) -> float:
    """How many times, on average, an instance of `block` below `loops` is executed; 1.0: once.

    Iterations that an upper bound of its predicate skips are not counted. Where an extent is over
    sizes the number is not known, and 1.0 is given.
    """
    if any(not isinstance(o.extent, int) for o in loops):
        return 1.0
    ranges: dict[Var, Interval] = {}
    for loop in loops:
        ranges[loop.var] = loop_range(loop, ranges)
    executed = float(_iterations(loops))
    for bound in conjuncts(block.where):
        if isinstance(bound, Binary) and bound.op == "<" and isinstance(bound.b, Const):
            low, high = interval(bound.a, ranges)
            executed *= min(1.0, (bound.b.value - max(low, 0)) / (high + 1 - max(low, 0)))
    domain = prod(it.extent for it in block.iters if isinstance(it.extent, int))
    return executed / domain


def _iterations(loops: tuple[For, ...]) -> int:
    return prod(o.extent for o in loops if isinstance(o.extent, int))
