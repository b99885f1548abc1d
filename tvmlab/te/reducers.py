"""Reducers of a user's own, of one value or of several folded together, and argmax and argmin.

    pair = t.comm_reducer(
        lambda a, b: (t.maximum(a[0], b[0]), a[1] + b[1]), lambda d0, d1: (t.min_value(d0), 0)
    )
    M, S = t.compute((n,), lambda i: pair((A[i, k], B[i, k]), axis=k), name=("M", "S"))

The function must be commutative and associative, and the identity neutral: schedules reorder and
regroup folds because the user promised so, and nothing here can check it. An identity of infinity
breaks a function that subtracts its operands (infinity less infinity is NaN): take a finite one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Const, Expr, ExprLike, Var, as_expr, select
from tvmlab.ir.local import Local
from tvmlab.ir.walk import exprs
from tvmlab.te.bounded import precision
from tvmlab.te.reduction import Axis, Combiner, Reduce, folded_axes, folded_value


class CommReducer:
    """A commutative, associative function with an identity: `reducer(values, axis=k)` folds."""

    def __init__(
        self, combine: Callable[[Any, Any], Any], identity: Callable[..., Any], name: str
    ) -> None:
        self.combine = combine
        self.identity = identity
        self.name = name

    def __call__(
        self, values: ExprLike | Sequence[ExprLike], axis: Axis | Sequence[Axis]
    ) -> Reduce:
        """`values`, one or a tuple, folded over `axis`; it stands at the top of a t.compute.

        Raises:
            ExpressionError: the combining function or the identity does not fit the values.
        """
        axes = folded_axes(self.name, axis)
        nodes = _nodes(self.name, values)
        combiner = self._combiner(tuple(n.dtype for n in nodes), isinstance(values, (tuple, list)))
        return Reduce(combiner, nodes, axes)

    def _combiner(self, kinds: tuple[str, ...], is_tuple: bool) -> Combiner:
        """The function at these dtypes, run once on what stands for its operands."""
        left = tuple(Local(f"x{n}", d) for n, d in enumerate(kinds))
        right = tuple(Local(f"y{n}", d) for n, d in enumerate(kinds))
        found = self.combine(left, right) if is_tuple else self.combine(left[0], right[0])
        results = tuple(
            as_expr(r, d) for r, d in zip(self._row(found, kinds, is_tuple), kinds, strict=True)
        )
        values = self._row(self.identity(*kinds), kinds, is_tuple)
        neutral = [as_expr(v, d) for v, d in zip(values, kinds, strict=True)]
        identity = tuple(n for n in neutral if isinstance(n, Const))
        if len(identity) != len(kinds):
            raise ExpressionError(f"{self.name} has an identity that is not made of numbers.")
        return checked_combiner(Combiner(self.name, left, right, results, identity))

    def _row(self, value: Any, kinds: tuple[str, ...], is_tuple: bool) -> tuple[Any, ...]:
        """What a function of the user gave, one value for each that is folded."""
        row = tuple(value) if is_tuple and isinstance(value, (tuple, list)) else (value,)
        if len(row) != len(kinds):
            raise ExpressionError(
                f"{self.name} folds {len(kinds)} value(s) together, and its functions give "
                f"{len(row)}; give one for each."
            )
        return row


def _nodes(name: str, values: ExprLike | Sequence[ExprLike]) -> tuple[Expr, ...]:
    given = tuple(values) if isinstance(values, (tuple, list)) else (values,)
    if not given:
        raise ExpressionError(f"{name} was given no values; fold at least one.")
    return tuple(folded_value(name, v) for v in given)


def folding(combiner: Combiner) -> Callable[..., Reduce]:
    """The function that folds with a combiner which is written down already."""

    def fold(values: ExprLike | Sequence[ExprLike], axis: Axis | Sequence[Axis]) -> Reduce:
        nodes = _nodes(combiner.name, values)
        kinds = [n.dtype for n in nodes]
        wanted = [c.dtype for c in combiner.identity]
        if kinds != wanted:
            raise ExpressionError(f"{combiner.name} folds {wanted}, and was given {kinds}.")
        return Reduce(combiner, nodes, folded_axes(combiner.name, axis))

    return fold


def checked_combiner(combiner: Combiner) -> Combiner:
    """`combiner`, if it is made of its operands alone and keeps their dtypes.

    Raises:
        ExpressionError: it reads a tensor or an axis, or gives another dtype than it takes.
    """
    own = {*combiner.left, *combiner.right}
    for n, operand in enumerate(combiner.left):
        for part, what in ((combiner.results[n], "result"), (combiner.identity[n], "identity")):
            if part.dtype != operand.dtype:
                raise ExpressionError(
                    f"{combiner.name} folds {operand.dtype}, and its {what} {n} is {part.dtype}; "
                    f"cast it with .astype({operand.dtype!r})."
                )
        for e in exprs(combiner.results[n]):
            if isinstance(e, (Load, Reduce)) or (isinstance(e, Var) and e not in own):
                raise ExpressionError(
                    f"{combiner.name} uses {e!r} to combine two values; it may use these alone."
                )
    return combiner


def comm_reducer(
    fcombine: Callable[[Any, Any], Any], fidentity: Callable[..., Any], name: str = "reducer"
) -> CommReducer:
    """A reducer of the user's own, as TVM's `te.comm_reducer`.

    Args:
        fcombine: from two values to one, or from two tuples of values to a tuple. It runs once,
            on variables; what it does must be an expression of `tvmlab.te`. That it is
            commutative and associative is the caller's promise.
        fidentity: from the dtype of each value to the value, or tuple of values, that changes
            nothing.
        name: what messages call it.

    Returns:
        a function `reducer(values, axis=k)` for use at the top of a `t.compute`.
    """
    return CommReducer(fcombine, fidentity, name)


def min_value(dtype: str) -> int | float:
    """The lowest finite number of `dtype`: an identity of max whose differences are no NaN."""
    dtype = dtypes.check_dtype(dtype)
    return -max_value(dtype) if dtypes.is_float(dtype) else dtypes.lowest(dtype)


def max_value(dtype: str) -> int | float:
    """The highest finite number of `dtype`."""
    dtype = dtypes.check_dtype(dtype)
    return precision(dtype).largest if dtypes.is_float(dtype) else dtypes.highest(dtype)


def _furthest(is_further: Callable[[Expr, Expr], Expr]) -> Callable[[Any, Any], Any]:
    """Of two (index, value) pairs the one further out; of two as far, the lower index.

    NaN is further out than any number, as in NumPy, so that an index always names an element.
    """

    def combine(a: tuple[Expr, Expr], b: tuple[Expr, Expr]) -> tuple[Expr, Expr]:
        (i, x), (j, y) = a, b
        beats, ties = is_further(y, x), y == x
        if dtypes.is_float(x.dtype):
            beats, ties = beats | ((y != y) & (x == x)), ties | ((y != y) & (x != x))
        second = beats | (ties & (j < i))
        return select(second, j, i), select(second, y, x)

    return combine


def argmax(values: Sequence[ExprLike], axis: Axis | Sequence[Axis]) -> Reduce:
    """The largest value with its index: `I, V = t.compute((n,), lambda i: t.argmax(.., axis=k))`.

    Args:
        values: the index and the value, `(k, A[i, k])`; of equal values the lowest index wins.
        axis: what to fold over.

    Raises:
        ExpressionError: the values are no pair.
    """
    return _ARGMAX(_pair("argmax", values), axis)


def argmin(values: Sequence[ExprLike], axis: Axis | Sequence[Axis]) -> Reduce:
    """The smallest value with its index; see `argmax`."""
    return _ARGMIN(_pair("argmin", values), axis)


def _pair(name: str, values: object) -> tuple[ExprLike, ...]:
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise ExpressionError(
            f"t.{name} takes an index and a value, t.{name}((k, A[i, k]), axis=k), and was given "
            f"{values!r}."
        )
    return tuple(values)


# An index no element has, so that every element wins the tie against the identity.
_ARGMAX = comm_reducer(
    _furthest(lambda a, b: a > b), lambda i, v: (dtypes.highest(i), dtypes.lowest(v)), "argmax"
)
_ARGMIN = comm_reducer(
    _furthest(lambda a, b: a < b), lambda i, v: (dtypes.highest(i), dtypes.highest(v)), "argmin"
)
