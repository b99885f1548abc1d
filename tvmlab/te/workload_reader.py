"""The tensors of a workload read from plain JSON, each part checked; the form is in `serial`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature

from tvmlab.errors import ExpressionError, TraceError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import PROMISES, Extent
from tvmlab.ir.expr import OPERATORS, Const, Expr, Select, binary, cast, const, select
from tvmlab.ir.functions import call
from tvmlab.ir.local import Local
from tvmlab.ir.shapes import as_extent
from tvmlab.te import reduction
from tvmlab.te.extern import extern_of
from tvmlab.te.plain_data import as_identifier, as_integer, as_list, as_string, fields, row, short
from tvmlab.te.reducers import checked_combiner, folding
from tvmlab.te.reduction import Combiner
from tvmlab.te.scan import scan
from tvmlab.te.size import var
from tvmlab.te.tensor import Tensor, compute, placeholder

MAX_NODES = 100_000
"""Expression nodes of one workload; more is a damaged or hostile file."""
MAX_DEPTH = 200
"""Nesting of one expression."""

_REDUCE: Mapping[str, Callable[..., Expr]] = {
    "sum": reduction.sum,
    "prod": reduction.prod,
    "max": reduction.max,
    "min": reduction.min,
}


class Reader:
    """Builds the tensors of a workload in order; `built` holds those read so far."""

    def __init__(self, sizes: Mapping[str, Expr]) -> None:
        self.sizes = sizes
        self.built: list[Tensor] = []
        self.nodes = 0

    def defined(self, position: object, where: str) -> Tensor:
        """The tensor at a position, which must have been read already."""
        number = as_integer(position, where)
        if not 0 <= number < len(self.built):
            raise TraceError(
                f"{where} refers to tensor {number}, which is not defined before it; tensors "
                "stand after those they read."
            )
        return self.built[number]

    def tensor(self, entry: object) -> None:
        """Read one tensor and add it to `built`."""
        where = f"tensor {len(self.built)}"
        is_compute = isinstance(entry, Mapping) and ("body" in entry or "bodies" in entry)
        try:
            if is_compute:
                self.built.extend(self.computation(entry, where))
                return
            if isinstance(entry, Mapping) and "scan" in entry:
                self.built.extend(self.recurrence(entry, where))
                return
            if isinstance(entry, Mapping) and "extern" in entry:
                self.built.append(self.statements(entry, where))
                return
            given = fields(entry, ("name", "shape", "dtype"), PROMISES, where)
            shape = [self.extent(x, where) for x in as_list(given["shape"], where)]
            dtype = as_string(given["dtype"], f"the dtype of {where}")
            name, promises = as_string(given["name"], where), {}
            for promise in PROMISES:
                promises[promise] = held = given.get(promise, False)
                if not isinstance(held, bool):
                    raise TraceError(f"{where} has {promise}={short(held)}; write true or false.")
            self.built.append(placeholder(shape, dtype, name, **promises))
        except ExpressionError as error:
            raise TraceError(f"{where} of the workload is refused: {error}") from None

    def recurrence(self, entry: object, where: str) -> list[Tensor]:
        """The states of a scan, of which the JSON gives the parts by their positions."""
        parts = ("init", "update", "state")
        given = fields(fields(entry, ("scan",), (), where)["scan"], parts, (), where)
        init, update, state = (
            [self.defined(p, where) for p in as_list(given[name], where)] for name in parts
        )
        return scan(init, update, state)

    def statements(self, entry: object, where: str) -> Tensor:
        """An extern, of which the JSON gives the inputs by their positions, and the text."""
        given = fields(
            fields(entry, ("extern",), (), where)["extern"], ("inputs", "text"), (), where
        )
        inputs = tuple(self.defined(p, where) for p in as_list(given["inputs"], where))
        return extern_of(inputs, as_string(given["text"], f"the text of {where}"))

    def computation(self, entry: object, where: str) -> tuple[Tensor, ...]:
        is_single = isinstance(entry, Mapping) and "body" in entry
        names, bodies = ("name", "body") if is_single else ("names", "bodies")
        given = fields(entry, (names, "axes", bodies), ("reduce",), where)
        kinds = (str, (int, list, tuple))
        axes = [row(a, kinds, f"an axis of {where}") for a in as_list(given["axes"], where)]
        fold: Callable[..., Expr] | None = None
        folded: list[Expr] = []
        if "reduce" in given:
            way = fields(given["reduce"], ("by", "axes"), (), f"the reduction of {where}")
            fold = self.reducer(way["by"], where)
            for axis in as_list(way["axes"], where):
                given_axis = row(axis, (str, int, (int, list, tuple)), f"a reduce axis of {where}")
                begin = given_axis[1]
                domain = begin, begin + self.extent(given_axis[2], where)
                folded.append(reduction.reduce_axis(domain, as_identifier(given_axis[0], where)))

        def element(*spatial: Expr) -> Expr | tuple[Expr, ...]:
            every = [given["body"]] if is_single else as_list(given["bodies"], where)
            values = tuple(self.expr(b, (*spatial, *folded), where, 0) for b in every)
            if fold is not None:
                return fold(values[0] if is_single else values, axis=folded)
            return values[0] if is_single else values

        # compute() names the loops after the function's parameters.
        kind = Parameter.POSITIONAL_ONLY
        loops = [as_identifier(name, where) for name, _ in axes]
        if len(set(loops)) != len(loops):
            raise TraceError(f"{where} has two axes of one name, {', '.join(loops)}; rename one.")
        element.__signature__ = Signature([Parameter(n, kind) for n in loops])  # type: ignore[attr-defined]
        shape = [self.extent(extent, where) for _, extent in axes]
        if is_single:
            return compute(shape, element, as_string(given["name"], where)).results
        several = [as_string(name, where) for name in as_list(given["names"], where)]
        return compute(shape, element, several)

    def reducer(self, by: object, where: str) -> Callable[..., Expr]:
        """What folds a value, or a tuple of values, over `axis=`."""
        if not isinstance(by, Mapping):
            known = _REDUCE.get(as_string(by, f"the reduction of {where}"))
            if known is None:
                raise TraceError(
                    f"{where} is reduced by {short(by)}, which is not known; "
                    f"use one of {', '.join(_REDUCE)}."
                )
            return known
        given = fields(by, ("name", "combine", "identity"), (), f"the reducer of {where}")
        identity = [self.expr(c, (), where, 0) for c in as_list(given["identity"], where)]
        numbers = tuple(c for c in identity if isinstance(c, Const))
        left, right = (
            tuple(Local(f"{side}{n}", c.dtype) for n, c in enumerate(numbers)) for side in "xy"
        )
        combine = as_list(given["combine"], where)
        results = tuple(self.expr(r, (*left, *right), where, 0) for r in combine)
        if not numbers or not len(numbers) == len(identity) == len(results):
            raise TraceError(
                f"{where} combines {len(results)} value(s), with {len(numbers)} number(s) as its "
                "identity; give one for each."
            )
        return folding(
            checked_combiner(
                Combiner(as_string(given["name"], where), left, right, results, numbers)
            )
        )

    def extent(self, node: object, where: str) -> Extent:
        """Read one extent."""
        if isinstance(node, (list, tuple)):
            value = self.expr(node, (), where, 0)
            is_number = isinstance(value, Const) and value.dtype == dtypes.INDEX
            return as_extent(value) if is_number else value
        return as_integer(node, f"the shape of {where}")

    def expr(self, node: object, axes: tuple[Expr, ...], where: str, depth: int) -> Expr:
        """Read one expression."""
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise TraceError(
                f"{where} is beyond {MAX_NODES} expression nodes or {MAX_DEPTH} levels; "
                "split the computation."
            )
        if not isinstance(node, (list, tuple)) or not node or not isinstance(node[0], str):
            raise TraceError(f"{where} has {short(node)} where an expression [kind, ...] is due.")
        kind = node[0]
        if kind == "const":
            _, dtype, value = row(node, (str, str, (int, str)), where)
            return _constant(value, dtypes.check_dtype(dtype), where)
        if kind == "size":
            name = row(node, (str, str), where)[1]
            if name not in self.sizes:
                raise TraceError(f"{where} uses the size {short(name)}, which is not declared.")
            return self.sizes[name]
        if kind == "axis":
            number = as_integer(row(node, (str, int), where)[1], where)
            if not 0 <= number < len(axes):
                raise TraceError(f"{where} uses axis {number}, and has {len(axes)} of them.")
            return axes[number]

        def below(part: object) -> Expr:
            return self.expr(part, axes, where, depth + 1)

        if kind in OPERATORS:
            a, b = (below(x) for x in row(node, (str, object, object), where)[1:])
            if a.dtype != b.dtype:
                raise TraceError(f"{where} joins {a.dtype} and {b.dtype} by {kind!r}; cast one.")
            return binary(kind, a, b)
        if kind == "load":
            _, position, indices = row(node, (str, int, (list, tuple)), where)
            return self.defined(position, where)[tuple(below(i) for i in indices)]
        if kind == "call":
            _, name, args = row(node, (str, str, (list, tuple)), where)
            return call(name, *(below(a) for a in args))
        if kind == "cast":
            _, dtype, value = row(node, (str, str, object), where)
            return cast(dtypes.check_dtype(dtype), below(value))
        if kind == "select":
            parts = row(node, (str, object, object, object), where)[1:]
            condition, a, b = (below(x) for x in parts)
            if isinstance(condition, Const):  # decided by sizes: both sides stay in the graph
                return Select(condition, a, b)
            return select(condition, a, b)
        raise TraceError(f"{where} has an expression of kind {short(kind)}, which is not known.")


def read_sizes(given: object, values: Mapping[str, int] | None) -> dict[str, Expr]:
    """What the names of sizes stand for."""
    sizes: dict[str, Expr] = {}
    for entry in as_list(given, "the workload's sizes"):
        name, low, high = row(entry, (str, int, (int, type(None))), "a size of the workload")
        if name in sizes:
            raise TraceError(f"the workload declares the size {short(name)} twice.")
        try:
            size = var(name, low, high)
        except ExpressionError as error:
            raise TraceError(f"a size of the workload is refused: {error}") from None
        sizes[name] = size if values is None else const(values[name], dtypes.INDEX)
    return sizes


def _constant(value: int | str, dtype: str, where: str) -> Expr:
    if dtypes.is_float(dtype):
        try:
            return const(float(value), dtype)
        except (ValueError, OverflowError):
            raise TraceError(f"{where} has {short(value)} where a float is due.") from None
    return const(as_integer(value, where), dtype)
