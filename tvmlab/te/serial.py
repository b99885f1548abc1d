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
expressions whose `["axis", n]` are the values on its left, then those on its right. A recurrence
is {"scan": {"init": [..], "update": [..], "state": [..]}} with positions, and takes one for each
state. An extern is {"extern": {"inputs": [..], "text": ".."}}, the text of a whole program. A
placeholder whose elements are promised to be finite has "finite": true, and one that is promised to
be the same at every call "constant": true. Floats are strings in
Python's shortest form ("0.5", "inf", "nan"), so that no reader rounds them. The JSON of a graph is
the workload's identity everywhere: `workload_hash` of it keys databases and caches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from tvmlab.errors import ExpressionError, TraceError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import PROMISES, Extent, Load
from tvmlab.ir.expr import (
    Binary,
    Call,
    Cast,
    Const,
    Expr,
    Select,
    Var,
)
from tvmlab.ir.size import Size
from tvmlab.te.extern import Extern
from tvmlab.te.graph import as_outputs, graph_sizes, tensors, terms_of
from tvmlab.te.plain_data import as_list, fields, short
from tvmlab.te.recurrence import Scanned
from tvmlab.te.reduction import Combiner, Reduce
from tvmlab.te.tensor import Tensor
from tvmlab.te.workload_reader import MAX_DEPTH, Reader, read_sizes

VERSION = 1


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
    if isinstance(tensor, Scanned):
        r = tensor.recurrence
        parts = {"init": r.inits, "update": r.updates, "state": r.states}
        return {"scan": {name: [position[t] for t in part] for name, part in parts.items()}}
    if isinstance(tensor, Extern):
        text = str(tensor.program)
        return {"extern": {"inputs": [position[t] for t in tensor.inputs], "text": text}}
    entry: dict[str, Any]
    if tensor.body is None:
        shape = [_write_extent(e) for e in tensor.shape]
        entry = {"name": tensor.name, "shape": shape, "dtype": tensor.dtype}
        return entry | {promise: True for promise in PROMISES if getattr(tensor, promise)}
    names = [t.name for t in tensor.results]
    entry = {"name": names[0]} if len(names) == 1 else {"names": names}
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
    reader = Reader(read_sizes(entry.get("sizes", ()), values))
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
