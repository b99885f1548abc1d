"""Which elements of a buffer the threads of a block touch at one moment, and each block in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from tvmlab.analysis.index_values import IndexValues
from tvmlab.analysis.kernel_accesses import KernelAccess
from tvmlab.analysis.launch import Triple
from tvmlab.arith.linear import Interval
from tvmlab.arith.simplify import interval, loop_range
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For
from tvmlab.ir.walk import substitute


@dataclass(frozen=True)
class Touched:
    """What the threads of one block touch at one moment.

    Attributes:
        indices: (threads, lanes, dimensions) of each thread's elements; a thread has several lanes
            where a loop around the access is vectorized.
        is_active: (threads, lanes) whether they are touched at all.
    """

    indices: np.ndarray
    is_active: np.ndarray


def own_loops(what: KernelAccess) -> tuple[For, ...]:
    """The loops that a thread goes through one iteration after the other, virtual threads among
    them, outermost first: their values are a moment."""
    apart = (*BLOCK_AXES, *THREAD_AXES)
    return tuple(o for o in what.access.loops if o.kind != "vectorized" and axis_of(o) not in apart)


def touched_at(what: KernelAccess, block: Triple, moment: Mapping[Var, int]) -> Touched:
    """The elements that the threads of `block` touch when their own loops stand at `moment`.

    Raises:
        UsageError: they depend on what is in memory.
    """
    access, (x, y, z) = what.access, what.launch.block
    at: dict[Var, Expr] = {v: Const(value, INDEX) for v, value in moment.items()}
    along = {"threadIdx.z": (0, z), "threadIdx.y": (1, y), "threadIdx.x": (2, x)}
    axes: dict[Var, tuple[int, int]] = {}
    for loop in access.loops:
        axis = axis_of(loop)
        if axis in BLOCK_AXES:
            at[loop.var] = Const(block[BLOCK_AXES.index(axis)], INDEX)
        elif axis in along:
            axes[loop.var] = along[axis]
    lane = next((o for o in access.loops if o.kind == "vectorized"), None)
    lanes = int(lane.extent) if lane is not None and isinstance(lane.extent, int) else 1
    axes[lane.var if lane is not None else Var("lane")] = (3, lanes)
    for axis in [a for a in along if along[a] not in axes.values()]:
        axes[Var(axis)] = along[axis]
    values = IndexValues(axes, {})
    shape = (z, y, x, lanes, *(1,) * (len(axes) - 4))

    def of(expr: Expr) -> np.ndarray:
        found: np.ndarray = np.broadcast_to(values.of(substitute(expr, at)), shape)
        return found.reshape(x * y * z, lanes)

    happens: Any = np.ones((x * y * z, lanes), np.bool_)
    for limit in access.limits:
        happens &= of(limit.condition) == limit.holds
    for axis, (place, extent) in along.items():
        if extent > 1 and not any(axis_of(o) == axis for o in access.loops):
            only = next(v for v, known in axes.items() if known == (place, extent))
            happens &= of(only) == 0
    indices = np.stack([of(i) for i in access.indices], axis=-1) if access.indices else (
        np.zeros((x * y * z, lanes, 0), np.int64)
    )  # fmt: skip
    return Touched(indices, happens)


def block_box(what: KernelAccess, block: Triple) -> tuple[tuple[int, int], ...]:
    """The least and the greatest index, in each dimension, that a block touches at any time; all of
    a dimension where its index is not bounded."""
    at: dict[Var, Expr] = {}
    ranges: dict[Var, Interval] = {}
    for loop in what.access.loops:
        axis = axis_of(loop)
        ranges[loop.var] = loop_range(loop, ranges)
        if axis in BLOCK_AXES:
            at[loop.var] = Const(block[BLOCK_AXES.index(axis)], INDEX)
    box = []
    for index, extent in zip(what.access.indices, what.access.buffer.extents, strict=True):
        low, high = interval(substitute(index, at), ranges)
        least = 0 if low == -inf else max(0, int(low))
        box.append((least, extent - 1 if high == inf else min(extent - 1, int(high))))
    return tuple(box)
