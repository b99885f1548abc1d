"""Nests that store one value where a condition holds for all their iterations, and else another.

    for x in range(8):
        T[v * 8 + x] = select(v * 8 + x < 1000, A[v * 8 + x], 0.0)

Eight elements at a time are all inside or all outside: the condition is `v * 8 < 1000`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tvmlab.arith.aligned import without
from tvmlab.arith.simplify import loop_range, simplify
from tvmlab.ir.conjuncts import conjunction, conjuncts
from tvmlab.ir.expr import Const, Expr, Select
from tvmlab.ir.program import For, Store
from tvmlab.ir.walk import variables


class Conditional(NamedTuple):
    """What a nest stores.

    Attributes:
        condition: the same for all iterations of the nest.
        then, otherwise: the store where it holds, and where it does not.
    """

    condition: Expr
    then: Store
    otherwise: Store


def conditional(loops: Sequence[For], store: Store) -> Conditional | None:
    """The stores of a nest under its condition; None where that is not one for the whole nest, or
    what is stored else is no constant."""
    ranges = {loop.var: loop_range(loop, {}) for loop in loops}
    chosen = store.value
    if not isinstance(chosen, Select) or not isinstance(chosen.b, Const):
        return None
    parts = []
    for part in conjuncts(simplify(chosen.condition, ranges)):
        for loop in loops:
            part = without(part, loop)
        parts.append(part)
    condition = conjunction(parts)
    if variables(condition) & set(ranges):
        return None
    indices = tuple(simplify(index, ranges) for index in store.indices)
    stores = (
        Store(store.buffer, indices, simplify(value, ranges), store.source)
        for value in (chosen.a, chosen.b)
    )
    return Conditional(condition, *stores)
