"""A computation's expression over a box of its points, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.constants import rounding
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Select, Var
from tvmlab.te.bounded import Array, Bounded, binary, choose, convert, is_exact
from tvmlab.te.function_bounds import apply
from tvmlab.te.reduction import Axis
from tvmlab.te.tensor import Tensor

_Affine = tuple[int, dict[int, int]]
"""A constant, and the factor of each axis by its position."""


def _affine(e: Expr, axes: tuple[Axis, ...]) -> _Affine | None:
    """An index as a constant plus multiples of axes, or None if it is not."""
    if isinstance(e, Const):
        return int(e.value), {}
    if isinstance(e, Var):
        return 0, {next(n for n, axis in enumerate(axes) if axis is e): 1}
    if not isinstance(e, Binary) or e.op not in ("+", "-", "*"):
        return None
    a, b = _affine(e.a, axes), _affine(e.b, axes)
    if a is None or b is None:
        return None
    if e.op == "*":
        if a[1] and b[1]:
            return None
        (factor, _), (constant, terms) = (a, b) if not a[1] else (b, a)
        return constant * factor, {n: c * factor for n, c in terms.items()}
    sign = 1 if e.op == "+" else -1
    terms = dict(a[1])
    for n, c in b[1].items():
        terms[n] = terms.get(n, 0) + sign * c
    return a[0] + sign * b[0], terms


class Points:
    """The points of a domain, and the tensors that expressions over them read."""

    def __init__(self, axes: tuple[Axis, ...], known: Mapping[Tensor, Bounded]) -> None:
        self.axes = axes
        self.known = known
        self._affine: dict[int, list[_Affine | None]] = {}

    def within(self, starts: tuple[int, ...], sizes: tuple[int, ...]) -> Box:
        """The box of `sizes` points from `starts`, which count from zero along each axis."""
        return Box(self, starts, sizes)

    def position(self, var: Var) -> int:
        """Which axis a variable is."""
        return next(n for n, axis in enumerate(self.axes) if axis is var)

    def indices(self, load: Load) -> list[_Affine | None]:
        """The indices of a load as sums of multiples of axes, where they are that."""
        found = self._affine.get(id(load))
        if found is None:
            found = self._affine[id(load)] = [_affine(i, self.axes) for i in load.indices]
        return found


class Box:
    """Points evaluated together.

    Arrays have one dimension for each axis, of extent 1 along axes they do not depend on.
    """

    def __init__(self, points: Points, starts: tuple[int, ...], sizes: tuple[int, ...]) -> None:
        self.points = points
        self.sizes = sizes
        self.firsts = [axis.start + s for axis, s in zip(points.axes, starts, strict=True)]
        self.seen: dict[int, Bounded] = {}

    def expr(self, e: Expr) -> Bounded:
        """The values of an expression; one that stands in several places is evaluated once."""
        found = self.seen.get(id(e))
        if found is None:
            found = self.seen[id(e)] = self.node(e)
        return found

    def node(self, e: Expr) -> Bounded:
        if isinstance(e, Load):
            return self.load(e)
        if isinstance(e, Binary):
            return binary(e.op, self.expr(e.a), self.expr(e.b))
        if isinstance(e, Const):
            is_float = dtypes.is_float(e.dtype)
            number = rounding(e.dtype)(e.value) if is_float else e.value
            literal = np.asarray(number).astype(e.dtype).reshape((1,) * len(self.sizes))
            return Bounded(literal, 0.0, e.dtype)
        if isinstance(e, Var):
            n = self.points.position(e)
            along = [1] * len(self.sizes)
            along[n] = self.sizes[n]
            first = self.firsts[n]
            return Bounded(np.arange(first, first + self.sizes[n]).reshape(along), 0.0, e.dtype)
        if isinstance(e, Select):
            return choose(self.expr(e.condition), self.expr(e.a), self.expr(e.b))
        if isinstance(e, Call):
            return apply(e.function, tuple(self.expr(a) for a in e.args))
        assert isinstance(e, Cast), f"{type(e).__name__} is no tensor expression"
        return convert(e.dtype, self.expr(e.value))

    def load(self, e: Load) -> Bounded:
        """A strided view where the indices are affine and inside, else a gather."""
        assert isinstance(e.buffer, Tensor)
        tensor = self.points.known[e.buffer]
        first: list[int] = []
        steps = [[0] * len(self.sizes) for _ in e.indices]
        for form, extent, along in zip(
            self.points.indices(e), e.buffer.extents, steps, strict=True
        ):
            if form is None:
                return self.gather(e, tensor)
            at = low = high = form[0]
            for n, factor in form[1].items():
                along[n] = factor
                at += factor * self.firsts[n]
                reach = factor * (self.sizes[n] - 1)
                low, high = low + min(reach, 0), high + max(reach, 0)
            if at + low - form[0] < 0 or at + high - form[0] >= extent:
                return self.gather(e, tensor)
            first.append(at)

        def view(array: Array) -> Array:
            moves = np.asarray(array.strides, np.int64) @ np.asarray(steps, np.int64).reshape(
                array.ndim, len(self.sizes)
            )
            shape = [n if any(s[d] for s in steps) else 1 for d, n in enumerate(self.sizes)]
            start = array[tuple(slice(f, f + 1) for f in first)] if first else array
            return np.lib.stride_tricks.as_strided(start, shape, moves.tolist(), writeable=False)

        error = tensor.error if isinstance(tensor.error, float) else view(tensor.error)
        return Bounded(view(tensor.value), error, tensor.dtype)

    def gather(self, e: Load, tensor: Bounded) -> Bounded:
        """Elements at computed indices; one outside is undefined, and read at the border."""
        indices = [self.expr(i) for i in e.indices]
        at = tuple(
            np.clip(i.value, 0, extent - 1)
            for i, extent in zip(indices, e.buffer.extents, strict=True)
        )
        error = tensor.error if isinstance(tensor.error, float) else tensor.error[at]
        for i in indices:
            if not is_exact(i.error):
                error = np.where(np.asarray(i.error) > 0, np.inf, error)
        return Bounded(tensor.value[at], error, tensor.dtype)
