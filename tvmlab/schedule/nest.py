"""A new loop nest around a block, over the part of its domain that is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tvmlab.analysis.regions import Span
from tvmlab.arith import Interval, simplify
from tvmlab.arith.simplify import interval, loop_range
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, binary
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import TRUE, Block, For, Stmt


def nest_over(
    block: Block,
    spans: Mapping[Var, Span | None],
    ranges: Mapping[Var, Interval],
    taken: Iterable[str],
) -> Stmt:
    """Loops around `block`, bound to them, in the order of its variables.

    Args:
        block: the block; its bindings and predicate are made anew.
        spans: for some of its variables the values needed; the others take all of theirs.
        ranges: what is known of the variables that the spans start from.
        taken: names of loops that will be around the nest.
    """
    names = fresh_names(taken, [it.var.name.removeprefix("v") for it in block.iters])
    known = dict(ranges)
    loops: list[For] = []
    bindings: list[Expr] = []
    where: Expr = TRUE
    for it, name in zip(block.iters, names, strict=True):
        total = it.extent
        span = spans.get(it.var)
        start: Expr = Const(0, INDEX) if span is None else span.start.expr()
        loop = For(Var(name), total if span is None else span.extent, block)
        if isinstance(loop.extent, Expr) or loop.extent != 1:
            loops.append(loop)
            known[loop.var] = loop_range(loop, known)
            start = simplify(start + loop.var, known)
        if interval(start - total, known)[1] >= 0:
            where = binary("and", where, binary("<", start, total))
        if interval(start, known)[0] < 0:
            where = binary("and", where, binary(">=", start, Const(0, INDEX)))
        bindings.append(start)
    nest: Stmt = block.replace(bindings=tuple(bindings), where=where)
    for loop in reversed(loops):
        nest = loop.replace(body=nest)
    return nest
