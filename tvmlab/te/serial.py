"""A tensor graph as plain JSON, and back through a whitelist.

    {"tvmlab_te": 1,
     "tensors": [
       {"name": "A", "shape": [4, 8], "dtype": "float32"},
       {"name": "C", "axes": [["y", 4]],
        "reduce": {"by": "sum", "axes": [["k", 0, 8]]},
        "body": ["load", 0, [["axis", 0], ["axis", 1]]]}],
     "outputs": [1]}

Tensors stand after those they read, each once, and are referred to by position; `["axis", n]` is
the n-th of the tensor's axes, spatial ones first. An extent is a number, or an expression over
`["size", name]` with a field "sizes" of the workload that lists `[name, low, high]`. A computation
of several results has "names" and "bodies" for "name" and "body", and takes as many positions. A
reducer of the user's own stands in "by" as {"name": .., "combine": [..], "identity": [..]},
expressions whose `["axis", n]` are the values on its left, then those on its right. Floats are
strings in Python's shortest form ("0.5", "inf", "nan"), so that no reader rounds them. The JSON of
a graph is the workload's identity everywhere: `workload_hash` of it keys databases and caches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from inspect import Parameter, Signature
from typing import Any

from tvmlab.errors import ExpressionError, TraceError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Extent, Load
from tvmlab.ir.expr import (
    OPERATORS,
    Binary,
    Call,
    Cast,
    Const,
    Expr,
    Local,
    Select,
    Var,
    binary,
    cast,
    const,
    select,
)
from tvmlab.ir.functions import call
from tvmlab.ir.shapes import as_extent
from tvmlab.ir.size import Size
from tvmlab.te import reduction
from tvmlab.te.graph import as_outputs, graph_sizes, tensors, terms_of
from tvmlab.te.plain_data import as_identifier, as_integer, as_list, as_string, fields, row, short
from tvmlab.te.reducers import checked_combiner, folding
from tvmlab.te.reduction import Combiner, Reduce
from tvmlab.te.size import var
from tvmlab.te.tensor import Tensor, compute, placeholder

VERSION = 1
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


def workload_hash(workload: Mapping[str, Any]) -> str:
    """Hexadecimal SHA-256 of a workload's JSON, the same in every process and key order."""
    canonical = json.dumps(workload, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(canonical.encode()).hexdigest()


# ---------------------------------------------------------------- writing


def to_json(outputs: Tensor | Sequence[Tensor]) -> dict[str, Any]:
    """The graph of `outputs` as plain JSON (dicts, lists, strings, integers).

    Raises:
        ExpressionError: not outputs, or an expression nested deeper than can be read back.
    """
    results = as_outputs(outputs)
    every = tensors(results)
    position = {tensor: n for n, tensor in enumerate(every)}
    written = {
        "tvmlab_te": VERSION,
        "tensors": [_write_tensor(t, position) for t in every if t is t.results[0]],
        "outputs": [position[o] for o in results],
    }
    sizes = graph_sizes(results)
    if sizes:
        written["sizes"] = [[s.name, s.low, s.high] for s in sizes]
    return written


def _write_extent(extent: Extent) -> int | list[Any]:
    """An extent: a number, or an expression over sizes."""
    if isinstance(extent, int):
        return extent
    if isinstance(extent, Size):
        return ["size", extent.name]
    if isinstance(extent, Const):
        return ["const", extent.dtype, int(extent.value)]
    assert isinstance(extent, Binary), f"{extent!r} is no extent"
    return [extent.op, _write_side(extent.a), _write_side(extent.b)]


def _write_side(e: Expr) -> list[Any]:
    written = _write_extent(e)
    assert isinstance(written, list)
    return written


def _write_tensor(tensor: Tensor, position: Mapping[Tensor, int]) -> dict[str, Any]:
    if tensor.body is None:
        shape = [_write_extent(e) for e in tensor.shape]
        return {"name": tensor.name, "shape": shape, "dtype": tensor.dtype}
    names = [t.name for t in tensor.results]
    entry: dict[str, Any] = {"name": names[0]} if len(names) == 1 else {"names": names}
    entry["axes"] = [[a.name, _write_extent(a.extent)] for a in tensor.axes]
    if isinstance(tensor.body, Reduce):
        axes = [[a.name, a.start, _write_extent(a.extent)] for a in tensor.body.axes]
        entry["reduce"] = {"by": _write_reducer(tensor.body), "axes": axes}
    all_axes = (*tensor.axes, *tensor.reduce_axes)
    bodies = [_write(v, all_axes, position, tensor.name) for v in terms_of(tensor)]
    return {**entry, "body": bodies[0]} if len(bodies) == 1 else {**entry, "bodies": bodies}


def _write_reducer(reduce: Reduce) -> str | dict[str, Any]:
    by = reduce.reducer
    if not isinstance(by, Combiner):
        return by.name
    operands = (*by.left, *by.right)
    return {
        "name": by.name,
        "combine": [_write(r, operands, {}, by.name) for r in by.results],
        "identity": [_write(c, (), {}, by.name) for c in by.identity],
    }


def _write(expr: Expr, axes: Sequence[Var], position: Mapping[Tensor, int], name: str) -> list[Any]:
    """An expression over `axes`, of the computation or reducer `name`."""
    numbers = {a: n for n, a in enumerate(axes)}

    def write(e: Expr, depth: int) -> list[Any]:
        if depth > MAX_DEPTH:
            raise ExpressionError(
                f"{name} nests expressions more than {MAX_DEPTH} deep; "
                "split it into several t.compute."
            )
        if isinstance(e, Const):
            is_float = dtypes.is_float(e.dtype)
            return ["const", e.dtype, repr(float(e.value)) if is_float else int(e.value)]
        if isinstance(e, Size):
            return ["size", e.name]
        if isinstance(e, Var):
            if e not in numbers:
                raise ExpressionError(
                    f"{name} uses variable {e.name!r}, which is none of its axes and no "
                    "size made by t.var; a saved workload has no other variables."
                )
            return ["axis", numbers[e]]
        if isinstance(e, Binary):
            return [e.op, write(e.a, depth + 1), write(e.b, depth + 1)]
        if isinstance(e, Load):
            assert isinstance(e.buffer, Tensor)
            return ["load", position[e.buffer], [write(i, depth + 1) for i in e.indices]]
        if isinstance(e, Call):
            return ["call", e.function, [write(a, depth + 1) for a in e.args]]
        if isinstance(e, Cast):
            return ["cast", e.dtype, write(e.value, depth + 1)]
        assert isinstance(e, Select), f"{type(e).__name__} is no tensor expression"
        return ["select", *(write(x, depth + 1) for x in (e.condition, e.a, e.b))]

    return write(expr, 0)


# ---------------------------------------------------------------- reading


def from_json(workload: object, values: Mapping[str, int] | None = None) -> tuple[Tensor, ...]:
    """The outputs of the graph that `workload` describes.

    Args:
        workload: what `to_json` wrote.
        values: numbers to read in the place of sizes, all of them by name; None: they stay sizes.

    Every name, operator, dtype and size is checked against what tvmlab knows, and the graph is
    built by the same functions a user calls: a file can only say what a user can.

    Raises:
        TraceError: not a workload, another version, or an unknown or malformed part, named.
    """
    entry = fields(workload, ("tvmlab_te", "tensors", "outputs"), ("sizes",), "the workload")
    if entry["tvmlab_te"] != VERSION:
        raise TraceError(
            f"the workload has format version {short(entry['tvmlab_te'])}, and this tvmlab "
            f"reads version {VERSION}; use the tvmlab that wrote it."
        )
    reader = _Reader(_read_sizes(entry.get("sizes", ()), values))
    for tensor in as_list(entry["tensors"], "the workload's tensors"):
        reader.tensor(tensor)
    positions = as_list(entry["outputs"], "the workload's outputs")
    try:
        outputs = as_outputs([reader.defined(p, "an output") for p in positions])
    except ExpressionError as error:
        raise TraceError(f"the workload's outputs are refused: {error}") from None
    if len(tensors(outputs)) != len(reader.built):
        raise TraceError(
            "the workload lists tensors that no output needs; save it again with te.serial.to_json."
        )
    return outputs


class _Reader:
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
            given = fields(entry, ("name", "shape", "dtype"), (), where)
            shape = [self.extent(x, where) for x in as_list(given["shape"], where)]
            dtype = as_string(given["dtype"], f"the dtype of {where}")
            self.built.append(placeholder(shape, dtype, as_string(given["name"], where)))
        except ExpressionError as error:
            raise TraceError(f"{where} of the workload is refused: {error}") from None

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
                domain = given_axis[1], self.extent(given_axis[2], where)
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


def _read_sizes(given: object, values: Mapping[str, int] | None) -> dict[str, Expr]:
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
