"""Reductions as trees: the lanes of a vector of terms combined half by half.

    for k in tree(8):                    C_lanes = A[ramp(0, 8)]
        C[i] = C[i] + A[k]        ->     C_half = slice(C_lanes, 0, 4) + slice(C_lanes, 4, 4)
                                         C_half_1 = slice(C_half, 0, 2) + slice(C_half, 2, 2)
                                         C_half_2 = slice(C_half_1, 0, 1) + slice(C_half_1, 1, 1)
                                         C[i] = C[i] + C_half_2

The tree is written out, so that what is added to what can be read, and comes out alike everywhere.
Of lanes that are no power of two the first such many make one tree and the rest another.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.ir.expr import Expr
from tvmlab.ir.fold import Fold, Values, let, shared
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import Stmt
from tvmlab.ir.walk import variables


def tree(fold: Fold, terms: Values, lanes: int, source: str | None) -> Stmt:
    """The update that folds `lanes` contributions, the lanes of `terms`, into the targets.

    A term that is a scalar is the same in every lane.
    """
    taken = {v.name for e in (*fold.targets, *terms) for v in variables(e)}
    made = _Tree(fold, taken)
    last = made.reduced(made.named(terms, "lanes"), lanes)
    return let(made.variables, made.values, fold.update(fold.targets, last, source))


class _Tree:
    """The values of a tree under construction, by name and in order."""

    def __init__(self, fold: Fold, taken: set[str]) -> None:
        self.fold = fold
        self.taken = taken
        self.variables: list[Local] = []
        self.values: list[Expr] = []

    def named(self, values: Values, what: str) -> Values:
        """Names for values, after the buffers they end up in."""
        wanted = [f"{b.name}_{what}" for b in self.fold.buffers]
        names = fresh_names(self.taken, wanted)
        self.taken.update(names)
        made = [Local(n, v.dtype, v.lanes) for n, v in zip(names, values, strict=True)]
        self.variables += made
        self.values += values
        return tuple(made)

    def reduced(self, values: Values, lanes: int) -> Values:
        """The `lanes` lanes of named values as one."""
        if lanes == 1:
            return values
        half = 1 << (lanes - 1).bit_length() - 1
        first, rest = _part(values, 0, half), _part(values, half, lanes - half)
        if 2 * half == lanes:
            return self.reduced(self.named(self.combined(first, rest), "half"), half)
        first = self.reduced(self.named(first, "first"), half)
        rest = self.reduced(self.named(rest, "rest"), lanes - half)
        return self.named(self.combined(first, rest), "both")

    def combined(self, first: Values, rest: Values) -> Values:
        """Two tuples of values as one; what a user's function computes twice is named."""
        if not self.fold.is_named:
            return self.fold.combine(first, rest)
        first, rest = self.named(first, "low"), self.named(rest, "high")
        name = f"{self.fold.buffers[0].name}_mid"
        alike, results = shared(self.fold.combine(first, rest), name, tuple(self.taken))
        for var, value in alike:
            self.taken.add(var.name)
            self.variables.append(var)
            self.values.append(value)
        return results


def _part(values: Sequence[Expr], start: int, lanes: int) -> Values:
    """Some lanes of each value that has any."""
    return tuple(v if v.lanes == 1 else Slice(v, start, lanes) for v in values)
