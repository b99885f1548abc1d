"""Quotients and remainders of loops in an index, as the lanes of a warp meet them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tvmlab.analysis.launch import WARP
from tvmlab.arith.linear import Atom, Linear, Quotient
from tvmlab.ir.axis import THREAD_AXES
from tvmlab.ir.expr import Var
from tvmlab.tune.features.statement import Axis


class Lanes:
    """The lanes of the first warp of a statement, all other loops at their beginning."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._extents = {axis.var: axis.extent for axis in axes}
        bound = sorted((a for a in axes if a.thread in THREAD_AXES), key=lambda a: a.thread)
        lane, below = np.arange(WARP), 1
        self._at: dict[Var, np.ndarray] = {}
        for axis in bound:
            self._at[axis.var] = lane // below % axis.extent
            below *= axis.extent
        innermost = axes[0] if axes and axes[0].kind == "vectorized" else None
        self._last = {innermost.var: innermost.extent - 1} if innermost is not None else {}

    def places(self, total: Linear) -> np.ndarray:
        """(WARP + 1,) the value at each lane, and how far the vector of the first one goes."""
        there = np.broadcast_to(self._value(total, self._at), WARP)
        first = {var: values[:1] for var, values in self._at.items()}
        last = self._value(total, first | {v: np.array([n]) for v, n in self._last.items()})
        return np.append(there, last[0] - there[0])

    def span(self, total: Linear) -> int:
        """How far apart values are at most, over all loops."""
        return sum(abs(c) * self._span(atom) for atom, c in total.terms.items())

    def _span(self, atom: Atom) -> int:
        if isinstance(atom, Var):
            return self._extents.get(atom, 1) - 1
        if not isinstance(atom, Quotient):
            return 0
        within = self.span(atom.total)
        return within // atom.divisor if atom.kind == "//" else min(within, atom.divisor - 1)

    def _value(self, total: Linear, at: Mapping[Var, np.ndarray]) -> np.ndarray:
        size = max([1, *(len(values) for values in at.values())])
        found = np.full(size, total.constant, dtype=np.int64)
        for atom, coefficient in total.terms.items():
            if isinstance(atom, Var):
                found += coefficient * at.get(atom, np.zeros(1, np.int64))
            elif isinstance(atom, Quotient):
                inner = self._value(atom.total, at)
                found += coefficient * (
                    inner // atom.divisor if atom.kind == "//" else inner % atom.divisor
                )
        return found
