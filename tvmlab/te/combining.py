"""Folds with a user's function, and an error bound for any order in which a kernel may fold.

The function is run on values with error bounds (`tvmlab.te.bounded`), on pairs, pairs of pairs and
so on, each value having met the identity first. That bounds one order soundly: a balanced tree of
some L levels. Of an order that nothing is known about we assume, and do not prove, that each of its
at most 2 n levels loses no more than a level of that tree does on average: its bound is the tree's
times 2 n / L. For a sum this is the textbook's bound with a 2 in it. Integers come out exact; what
hangs on a comparison within its error may be either side's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tvmlab.te.bounded import Array, Bounded, is_exact
from tvmlab.te.points import Points
from tvmlab.te.reduction import Combiner

Row = tuple[Bounded, ...]
"""The values that are folded together; their arrays have one shape."""


class Combining:
    """One stretch of a reduction's results, folded box by box.

    Args:
        combiner: the user's function.
        count: how many terms each element of the results folds.
    """

    def __init__(self, combiner: Combiner, count: int) -> None:
        self.combiner = combiner
        self.count = count
        self.levels = 0
        self.total: Row | None = None

    def add(self, terms: Row, box: tuple[int, ...], rank: int) -> None:
        """Fold in the terms of a box, of which the first `rank` axes are the result's."""
        flat = (*box[:rank], prod(box[rank:]))
        row = tuple(_shaped(t, box, flat) for t in terms)
        nowhere = Points((), {}).within((), ())
        neutral = tuple(_shaped(nowhere.expr(c), flat, flat) for c in self.combiner.identity)
        row, levels = self.combine(neutral, row), 1
        while (length := row[0].value.shape[-1]) > 1:
            joined = self.combine(_part(row, 0, length), _part(row, 1, length))
            odd = _part(row, length - 1, length + 1) if length % 2 else None
            row = joined if odd is None else tuple(map(_beside, joined, odd))
            levels += 1
        row = tuple(_shaped(r, r.value.shape, box[:rank]) for r in row)
        if self.total is not None:
            row, levels = self.combine(self.total, row), max(self.levels, levels) + 1
        self.total, self.levels = row, levels

    def combine(self, a: Row, b: Row) -> Row:
        """Two rows of values as one."""
        operands = (*self.combiner.left, *self.combiner.right)
        inside = Points((), {}).within((), ())
        inside.seen = {id(v): x for v, x in zip(operands, (*a, *b), strict=True)}
        return tuple(
            _shaped(inside.expr(r), x.value.shape, x.value.shape)
            for r, x in zip(self.combiner.results, a, strict=True)
        )

    def finish(self) -> Row:
        """The folded results."""
        assert self.total is not None
        share = 2 * max(self.count, self.levels) / self.levels
        return tuple(
            r if is_exact(r.error) else Bounded(r.value, np.asarray(r.error) * share, r.dtype)
            for r in self.total
        )


def _shaped(x: Bounded, box: Sequence[int], shape: Sequence[int]) -> Bounded:
    """`x`, spread over `box`, as arrays of `shape`."""

    def shaped(array: Array) -> Array:
        return np.broadcast_to(array, tuple(box)).reshape(tuple(shape))

    error = x.error if isinstance(x.error, float) else shaped(x.error)
    return Bounded(shaped(x.value), error, x.dtype)


def _part(row: Row, first: int, length: int) -> Row:
    """Every second element along the last axis from `first`, as many as have a neighbour."""
    chosen = slice(first, length - length % 2, 2)

    def part(r: Bounded) -> Bounded:
        error = r.error if isinstance(r.error, float) else r.error[..., chosen]
        return Bounded(r.value[..., chosen], error, r.dtype)

    return tuple(map(part, row))


def _beside(a: Bounded, b: Bounded) -> Bounded:
    """Two rows one after the other along the last axis."""
    value = np.concatenate([a.value, b.value], axis=-1)
    if is_exact(a.error) and is_exact(b.error):
        return Bounded(value, 0.0, a.dtype)
    errors = [np.broadcast_to(x.error, x.value.shape) for x in (a, b)]
    return Bounded(value, np.concatenate(errors, axis=-1), a.dtype)
