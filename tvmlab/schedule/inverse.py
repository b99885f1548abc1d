"""From an element that a block reads to the instance of the block that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tvmlab.analysis.regions import iteration_ranges
from tvmlab.arith import Interval, simplify
from tvmlab.arith.index_map import IndexMap, NotOneToOne, Relayout
from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, binary
from tvmlab.ir.program import TRUE, Iter
from tvmlab.ir.walk import exprs, variables


@dataclass(frozen=True)
class Inverse:
    """An index map that was turned round.

    Attributes:
        offsets: what the map adds to each dimension after all else.
        layout: the map without them.
        sizes: the extents of the block's variables.
    """

    offsets: tuple[int, ...]
    layout: Relayout
    sizes: tuple[int, ...]

    def instance(self, element: Sequence[Expr]) -> tuple[Expr, ...]:
        """The values of the block's variables at which it reads `element`."""
        return self.layout.indices(self._shifted(element))

    def condition(self, element: Sequence[Expr]) -> Expr:
        """Whether any instance of the block reads `element`."""
        places = self._shifted(element)
        holds: Expr = TRUE
        inside = [*zip(places, self.layout.shape, strict=True)]
        if self.layout.is_padded:
            inside += zip(self.layout.indices(places), self.sizes, strict=True)
        for value, size in inside:
            holds = binary("and", holds, binary(">=", value, Const(0, INDEX)))
            holds = binary("and", holds, binary("<", value, Const(size, INDEX)))
        return holds

    def _shifted(self, element: Sequence[Expr]) -> tuple[Expr, ...]:
        return tuple([e - o if o else e for e, o in zip(element, self.offsets, strict=True)])


def inverse(indices: Sequence[Expr], iters: Sequence[Iter], read: Buffer) -> Inverse:
    """The inverse of the map from the variables `iters` to the `indices` that they read.

    Raises:
        NotOneToOne: two instances read one element, or it cannot be proved that none do.
    """
    extents = [it.extent for it in iters if isinstance(it.extent, int)]
    if len(extents) < len(iters):
        raise NotOneToOne("cannot prove the map one to one: its extents are over sizes")
    ranges: dict[Var, Interval] = iteration_ranges(iters)
    totals = [linear(index, ranges) for index in indices]
    results = tuple([simplify(Linear(t.terms, 0).expr(), ranges) for t in totals])
    known = {it.var for it in iters}
    index_map = IndexMap(tuple(it.var for it in iters), results)
    if any(not _is_over(r, known) for r in results):
        raise NotOneToOne(f"cannot prove the map one to one: an index of {read.name} is data")
    layout = index_map.over(extents)
    return Inverse(tuple(t.constant for t in totals), layout, tuple(extents))


def _is_over(index: Expr, known: set[Var]) -> bool:
    return not any(isinstance(e, Load) for e in exprs(index)) and variables(index) <= known
