"""A tensor graph at smaller extents: a corner of what it computes, from a part of its inputs.

Outputs and folds keep their first iterations. What is left reads the same elements by the same
expressions, and a producer keeps what its consumers may read; so a crop is sound whatever the
expressions are, padding, strides and windows included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from tvmlab.arith import Interval
from tvmlab.arith.simplify import most
from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Var
from tvmlab.ir.walk import exprs
from tvmlab.te.extern import Extern
from tvmlab.te.graph import as_outputs, graph_sizes, recurrences, tensors, terms_of
from tvmlab.te.reduction import Axis
from tvmlab.te.serial import from_json, to_json
from tvmlab.te.tensor import Tensor


def croppable_axes(outputs: Tensor | Sequence[Tensor]) -> list[Axis]:
    """The axes whose extents may be chosen: those of the outputs and of every fold.

    Raises:
        UsageError: the graph has sizes, a recurrence or an extern, which have extents of their own.
    """
    results = as_outputs(outputs)
    every = tensors(results)
    if sizes := graph_sizes(results):
        raise UsageError(f"{results[0].name} has sizes ({sizes[0].name}); give them values first.")
    if recurrences(results) or any(isinstance(t, Extern) for t in every):
        raise UsageError(
            f"{results[0].name} contains a recurrence or an extern, whose extents are fixed."
        )
    axes = [a for t in every if t in results for a in t.axes]
    return list(dict.fromkeys([*axes, *(a for t in every for a in t.reduce_axes)]))


def cropped(outputs: Tensor | Sequence[Tensor], extents: Mapping[Axis, int]) -> tuple[Tensor, ...]:
    """The graph of `outputs` where axes have at most the given extents.

    Args:
        outputs: a graph of `croppable_axes`.
        extents: at least 1 each; axes that are not named keep theirs.
    """
    results = as_outputs(outputs)
    every = tensors(results)
    needed: dict[Tensor, list[int]] = {}
    kept: dict[Axis, int] = {}
    for tensor in reversed(every):
        if tensor is not tensor.results[0]:
            continue
        for result in tensor.results:
            if result in results:
                asked = [min(a.count, extents.get(a, a.count)) for a in result.axes]
                needed[result] = _larger(needed.get(result), asked)
        wanted = [needed[r] for r in tensor.results if r in needed]
        for n, axis in enumerate(tensor.axes):
            kept[axis] = max(shape[n] for shape in wanted)
        for axis in tensor.reduce_axes:
            kept[axis] = min(axis.count, extents.get(axis, axis.count))
        ranges: dict[Var, Interval] = {
            a: (a.start, a.start + kept[a] - 1) for a in (*tensor.axes, *tensor.reduce_axes)
        }
        for load in (e for term in terms_of(tensor) for e in exprs(term) if isinstance(e, Load)):
            assert isinstance(load.buffer, Tensor)
            reach = [most(index, ranges) + 1 for index in load.indices]
            shape = [
                whole if far == inf else int(max(1, min(whole, far)))
                for whole, far in zip(load.buffer.extents, reach, strict=True)
            ]
            needed[load.buffer] = _larger(needed.get(load.buffer), shape)
    return from_json(_rewritten(to_json(results), every, needed, kept))


def _larger(a: list[int] | None, b: list[int]) -> list[int]:
    return b if a is None else [max(x, y) for x, y in zip(a, b, strict=True)]


def _rewritten(
    written: dict[str, Any],
    every: Sequence[Tensor],
    needed: Mapping[Tensor, list[int]],
    kept: Mapping[Axis, int],
) -> dict[str, Any]:
    """The JSON of a graph with other extents; expressions stay, for they name axes by number."""
    firsts = [t for t in every if t is t.results[0]]
    for entry, tensor in zip(written["tensors"], firsts, strict=True):
        if tensor.is_placeholder:
            entry["shape"] = needed[tensor]
            continue
        entry["axes"] = [[a.name, kept[a]] for a in tensor.axes]
        if "reduce" in entry:
            entry["reduce"]["axes"] = [[a.name, a.start, kept[a]] for a in tensor.reduce_axes]
    return written
