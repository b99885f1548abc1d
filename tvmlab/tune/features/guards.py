"""Which share of a statement's iterations its predicates let through, counted.

A block is executed where its iteration variables are in their extents and its predicate holds; of
what loops do beyond that, as splits that do not divide leave it, each iteration is in vain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from tvmlab.analysis.index_values import IndexValues
from tvmlab.analysis.regions import atom_variables
from tvmlab.arith.linear import Interval, Linear
from tvmlab.arith.simplify import linear
from tvmlab.ir.conjuncts import conjuncts
from tvmlab.ir.expr import Binary, Const, Expr, Var

MOST_CASES = 1 << 20
"""Iterations that are gone through; of more, a predicate is taken to hold."""


class Guard(NamedTuple):
    """That a sum over loops is from 0 to below `limit`."""

    total: Linear
    limit: int


def guards_of(where: Expr, ranges: Mapping[Var, Interval]) -> list[Guard]:
    """The comparisons of a predicate with numbers, which are all that splits leave."""
    found = []
    for condition in conjuncts(where):
        if isinstance(condition, Binary) and condition.op == "<" and isinstance(condition.b, Const):
            found.append(Guard(linear(condition.a, ranges), int(condition.b.value)))
    return found


def let_through(guards: Iterable[Guard], ranges: Mapping[Var, Interval]) -> float:
    """The share of iterations in which all guards hold; `ranges` begin at 0."""
    groups: list[tuple[set[Var], list[Guard]]] = []
    for guard in guards:
        least, most = guard.total.interval(ranges)
        if least >= 0 and most < guard.limit:
            continue
        own = {v for atom in guard.total.terms for v in atom_variables(atom)}
        if not own <= ranges.keys():
            continue
        tied = [group for group in groups if group[0] & own]
        groups = [group for group in groups if not group[0] & own]
        variables = own.union(*(group[0] for group in tied))
        groups.append((variables, [guard, *(each for group in tied for each in group[1])]))
    inside, whole = 1, 1
    for variables, own_guards in groups:
        extents = {v: int(ranges[v][1]) + 1 for v in variables}
        count = _count(extents, own_guards)
        if count is not None:
            inside *= count
            whole *= prod(extents.values())
    return inside / whole


def _count(extents: Mapping[Var, int], guards: list[Guard]) -> int | None:
    """In how many iterations the guards hold; None where that are too many to go through."""
    first = guards[0]
    if all(guard.limit == first.limit and _same(guard, first) for guard in guards):
        terms = tuple(
            sorted((c, extents[v]) for v, c in first.total.terms.items() if isinstance(v, Var))
        )
        if len(terms) == len(first.total.terms):
            return _count_of_sum(terms, first.total.constant, first.limit)
    if prod(extents.values()) > MOST_CASES:
        return None
    values = IndexValues({v: (n, e) for n, (v, e) in enumerate(extents.items())}, {})
    holds = np.ones(tuple(extents.values()), np.bool_)
    for guard in guards:
        value = np.asarray(values.of(guard.total.expr()))
        holds &= (value >= 0) & (value < guard.limit)
    return int(holds.sum())


def _same(a: Guard, b: Guard) -> bool:
    return a is b or a.total.key() == b.total.key()


@lru_cache(maxsize=4096)
def _count_of_sum(terms: tuple[tuple[int, int], ...], constant: int, limit: int) -> int | None:
    """In how many iterations a sum of loops, coefficient and extent each, is in 0 .. limit - 1."""
    size = 1
    for coefficient, extent in terms:
        if coefficient != size:
            break
        size *= extent
    else:  # the digits of one number
        return max(0, min(size, limit - constant) - max(0, -constant))
    if prod(extent for _, extent in terms) > MOST_CASES:
        return None
    value = np.full(1, constant, np.int64)
    for coefficient, extent in terms:
        value = np.add.outer(value, coefficient * np.arange(extent)).reshape(-1)
    return int(((value >= 0) & (value < limit)).sum())
