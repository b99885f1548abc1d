"""Folds over reduction axes with error bounds, for any order in which a kernel may fold.

Whatever tree a kernel sums n terms in, no term passes through more than n roundings, so the sum
is off by at most n units of the sum of magnitudes (Higham, section 4.2; without higher-order
terms by Rump, "Error estimation of floating-point summation and dot product", 2012).
"""

from __future__ import annotations

import numpy as np

from tvmlab.ir import dtypes
from tvmlab.te.bounded import Array, Bounded, Error, is_exact, precision, rounded, wide

_FOLDS = {"sum": np.add, "prod": np.multiply, "max": np.fmax, "min": np.fmin}


class Folding:
    """One stretch of a reduction's result, folded box by box.

    Args:
        reducer: sum, prod, max or min.
        dtype: of the terms and of the result.
        count: how many terms each element of the result folds.
    """

    def __init__(self, reducer: str, dtype: str, count: int) -> None:
        self.reducer = reducer
        self.dtype = dtype
        self.count = count
        self.value: Array | None = None
        self.error: Error = 0.0
        self.size: Error = 0.0

    def add(self, terms: Bounded, box: tuple[int, ...], rank: int) -> None:
        """Fold in the terms of a box, of which the first `rank` axes are the result's."""
        dims = tuple(range(rank, len(box)))
        fold = _FOLDS[self.reducer]
        values = np.broadcast_to(wide(terms), box)
        value = fold.reduce(values, axis=dims, dtype=values.dtype)
        error: Error = 0.0
        size: Error = 0.0
        inexact = not is_exact(terms.error)
        errors = np.broadcast_to(terms.error, box) if inexact else np.zeros(())
        if self.reducer in ("max", "min"):
            if inexact:
                error = np.maximum(
                    fold.reduce(values + errors, axis=dims) - value,
                    value - fold.reduce(values - errors, axis=dims),
                )
        elif dtypes.is_float(self.dtype):
            sizes = np.abs(values) + errors
            if self.reducer == "sum":
                error = errors.sum(axis=dims) if inexact else 0.0
                size = sizes.sum(axis=dims)
            else:
                size = np.multiply.reduce(sizes, axis=dims)
                # How far a partial product may reach above the whole.
                error = np.multiply.reduce(np.maximum(sizes, 1.0), axis=dims)
        elif inexact:
            error = np.where((errors > 0).any(axis=dims), np.inf, 0.0)
        self.merge(value, error, size)

    def merge(self, value: Array, error: Error, size: Error) -> None:
        """Fold in a partial result: its value, its terms' error and its magnitude."""
        if self.value is None:
            self.value, self.error, self.size = value, error, size
            return
        self.value = _FOLDS[self.reducer](self.value, value)
        if self.reducer in ("max", "min"):
            self.error = np.maximum(self.error, error)
        elif self.reducer == "sum" or not dtypes.is_float(self.dtype):
            self.error = self.error + error
            self.size = self.size + size
        else:
            self.error = self.error * error
            self.size = self.size * size

    def finish(self) -> Bounded:
        """The folded result."""
        assert self.value is not None
        if self.reducer in ("max", "min") or not dtypes.is_float(self.dtype):
            return Bounded(self.value, self.error, self.dtype)
        p = precision(self.dtype)
        if self.reducer == "sum":
            error, reach = self.error + self.count * p.unit * np.asarray(self.size), self.size
        else:
            reach = np.asarray(self.error)
            grown = np.asarray(self.size) * np.exp(self.count * p.unit)
            error = grown - np.abs(self.value) + self.count * p.tiny * reach
        # A partial result beyond the largest float would be infinite in a kernel, in some order.
        error = np.where(np.asarray(reach) < p.largest, error, np.inf)
        if np.isfinite(self.value).all():
            return rounded(self.value, error, self.dtype, 0, 0.0, False)
        # Infinite and NaN terms settle the result, as long as no finite ones overflow with them.
        settled = ~np.isfinite(self.value)
        return Bounded(self.value, np.where(settled, 0.0, error), self.dtype)
