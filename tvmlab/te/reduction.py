"""Reductions: an axis to fold over, and the commutative functions to fold with.

A function that a user defines is made with `tvmlab.te.reducers.comm_reducer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tvmlab.arith import simplify
from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Extent, Load
from tvmlab.ir.expr import Const, Expr, ExprLike, Var, as_expr, binary
from tvmlab.ir.fold import Fold, stores
from tvmlab.ir.local import Local
from tvmlab.ir.program import Stmt
from tvmlab.te.size import check_extent


@dataclass(frozen=True)
class Reducer:
    """A commutative, associative function with an identity.

    Attributes:
        name: as a user calls it.
        operator: the binary operator of `tvmlab.ir.expr` that combines two values.
        identity: the neutral value of a dtype.
    """

    name: str
    operator: str
    identity: Callable[[str], int | float]

    def identities(self, kinds: tuple[str, ...]) -> tuple[Const, ...]:
        """The value an empty fold gives, for each of `kinds`."""
        return tuple(_literal(self.identity(d), d) for d in kinds)

    def update(self, targets: Sequence[Load], terms: tuple[Expr, ...], source: str) -> Stmt:
        """The statement that folds a term into its target."""
        return stores(targets, (binary(self.operator, targets[0], terms[0]),), source)


def _literal(value: int | float, dtype: str) -> Const:
    return Const(float(value) if dtypes.is_float(dtype) else int(value), dtype)


@dataclass(frozen=True, eq=False)
class Combiner:
    """A user's function of one or several values, written down as expressions.

    That it is commutative and associative, and that `identity` is neutral, is the user's promise.

    Attributes:
        name: as the user calls it.
        left, right: what stands for the values that are combined.
        results: the combined values, over `left` and `right` alone.
        identity: the values an empty fold gives.
    """

    name: str
    left: tuple[Local, ...]
    right: tuple[Local, ...]
    results: tuple[Expr, ...]
    identity: tuple[Const, ...]

    def identities(self, kinds: tuple[str, ...]) -> tuple[Const, ...]:
        """The values an empty fold gives; `kinds` are those of `left`."""
        return self.identity

    def update(self, targets: Sequence[Load], terms: tuple[Expr, ...], source: str) -> Stmt:
        """The statement that folds terms into their targets."""
        fold = Fold(tuple(targets), terms, self.left, self.right, self.results, True)
        return fold.update(targets, terms, source)


REDUCERS = {
    r.name: r
    for r in (
        Reducer("sum", "+", lambda dtype: 0),
        Reducer("prod", "*", lambda dtype: 1),
        Reducer("max", "max", dtypes.lowest),
        Reducer("min", "min", dtypes.highest),
    )
}


class Axis(Var):
    """A variable of an expression that ranges over `extent` values from `start`.

    `kind` is spatial (it names an element of the result) or reduce (it is folded over).
    """

    __slots__ = ("extent", "kind", "start")

    def __init__(self, name: str, start: int, extent: Extent, kind: str) -> None:
        super().__init__(name)
        self.start = start
        self.extent = extent
        self.kind = kind

    @property
    def count(self) -> int:
        """The extent as an integer; it must be known."""
        assert isinstance(self.extent, int), f"{self.name} has a symbolic extent"
        return self.extent


def reduce_axis(domain: tuple[int, Extent], name: str = "k") -> Axis:
    """An axis to fold over, with values `begin, begin + 1, ..., end - 1`, as Python's range.

    Args:
        domain: `(begin, end)`; the end may be over sizes made by `t.var`.
        name: the axis's name, by which schedules may refer to its loop.

    Raises:
        ExpressionError: no integers, or none between them.
    """
    if not isinstance(domain, (tuple, list)) or len(domain) != 2:
        raise ExpressionError(f"reduce_axis takes (begin, end), not {domain!r}.")
    begin, end = (n.__index__() if hasattr(n, "__index__") else n for n in domain)
    if isinstance(end, Expr) and isinstance(begin, int):
        extent = check_extent(simplify(end - begin), f"reduce_axis {name!r}")
        return Axis(name, begin, extent, "reduce")
    if not isinstance(begin, int) or not isinstance(end, int) or end <= begin:
        raise ExpressionError(
            f"reduce_axis {name!r} was given {domain!r}; begin and end must be integers, the end "
            "behind the begin."
        )
    return Axis(name, begin, end - begin, "reduce")


class Reduce(Expr):
    """`values`, folded together with `reducer` over `axes`.

    It stands only at the top of a computation, which has a result for each of the values.
    """

    __slots__ = ("axes", "reducer", "values")

    def __init__(
        self, reducer: Reducer | Combiner, values: tuple[Expr, ...], axes: tuple[Axis, ...]
    ) -> None:
        self.reducer = reducer
        self.values = values
        self.axes = axes
        self.dtype = values[0].dtype
        self.lanes = 1

    @property
    def identities(self) -> tuple[Const, ...]:
        """The values an empty fold gives."""
        return self.reducer.identities(tuple(v.dtype for v in self.values))


def folded_axes(name: str, axis: Axis | Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes that a reduction called `name` folds over.

    Raises:
        ExpressionError: none, one that is no reduce axis, or one twice.
    """
    axes = tuple(axis) if isinstance(axis, Sequence) else (axis,)
    if not axes:
        raise ExpressionError(f"t.{name} needs at least one axis made by t.reduce_axis.")
    for a in axes:
        if not isinstance(a, Axis) or a.kind != "reduce":
            raise ExpressionError(
                f"t.{name} folds over axes made by t.reduce_axis, and was given {a!r}."
            )
    if len({id(a) for a in axes}) != len(axes):
        raise ExpressionError(f"t.{name} was given the same axis twice.")
    return axes


def folded_value(name: str, value: ExprLike) -> Expr:
    """What a reduction called `name` folds, as an expression.

    Raises:
        ExpressionError: it is a reduction itself.
    """
    node = as_expr(value)
    if isinstance(node, Reduce):
        raise ExpressionError(
            f"t.{name} of a reduction is not one computation; "
            "fold over all axes at once, or use two t.compute."
        )
    return node


def _reduce(name: str, value: ExprLike, axis: Axis | Sequence[Axis]) -> Reduce:
    axes = folded_axes(name, axis)
    node = folded_value(name, value)
    if node.dtype == "bool":
        raise ExpressionError(f"t.{name} folds numbers, not conditions; cast with .astype first.")
    return Reduce(REDUCERS[name], (node,), axes)


def sum(value: ExprLike, axis: Axis | Sequence[Axis]) -> Reduce:
    """The sum of `value` over `axis`, accumulated in its dtype."""
    return _reduce("sum", value, axis)


def prod(value: ExprLike, axis: Axis | Sequence[Axis]) -> Reduce:
    """The product of `value` over `axis`."""
    return _reduce("prod", value, axis)


def max(value: ExprLike, axis: Axis | Sequence[Axis] | Expr | int | float) -> Expr:
    """The largest `value` over `axis`; with a second value instead of an axis, the larger."""
    return _reduce_or_pair("max", value, axis)


def min(value: ExprLike, axis: Axis | Sequence[Axis] | Expr | int | float) -> Expr:
    """The smallest `value` over `axis`; with a second value instead of an axis, the smaller."""
    return _reduce_or_pair("min", value, axis)


def _reduce_or_pair(
    name: str, value: ExprLike, other: Axis | Sequence[Axis] | Expr | int | float
) -> Expr:
    is_axis = isinstance(other, Axis) and other.kind == "reduce"
    if is_axis or isinstance(other, Sequence):
        return _reduce(name, value, other)  # type: ignore[arg-type]
    return binary(name, value, other)
