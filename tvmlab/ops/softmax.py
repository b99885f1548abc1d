"""Softmax over the rows of a matrix, in four blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.checks import float_dtype, size
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, loop_names
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages


def softmax(rows: int, columns: int, dtype: str = "float32") -> Workload:
    """The exponentials of each row's elements, scaled so that they add up to one.

    M[i] = max over j of A[i, j]; E[i, j] = exp(A[i, j] - M[i]); S[i] = sum over j of E[i, j];
    Y[i, j] = E[i, j] / S[i]. Taking the largest element away keeps exp from overflowing.

    Args:
        rows, columns: the shape of A.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    m, n = size("softmax", "rows", rows), size("softmax", "columns", columns)
    float_dtype("softmax", dtype)
    a = te.placeholder((m, n), dtype, name="A")
    j, k = te.reduce_axis((0, n), name="j"), te.reduce_axis((0, n), name="j")
    largest = te.compute((m,), lambda i: te.max(a[i, j], axis=j), name="M")
    powers_ = te.compute((m, n), lambda i, j: te.exp(a[i, j] - largest[i]), name="E")
    total = te.compute((m,), lambda i: te.sum(powers_[i, k], axis=k), name="S")
    out = te.compute((m, n), lambda i, j: powers_[i, j] / total[i], name="Y")

    def compute(x: Array) -> tuple[Array, ...]:
        raised = np.exp(x - x.max(axis=1, keepdims=True))
        return (raised / raised.sum(axis=1, keepdims=True),)

    args = {"rows": m, "columns": n, "dtype": dtype}
    return Workload("softmax", args, (out,), 5 * m * n, compute, {"cpu": SoftmaxTemplate})


class SoftmaxTemplate(ScheduleTemplate):
    """Every block with its rows shared out; exp and division in vectors.

    Folding a row is one chain of dependent operations. Sums are only fast if several rows are
    folded side by side, with enough elements of each written out to use up a cache line before
    the next; a maximum may be taken in any order without a change of its result, so LLVM's own
    vectors serve it best if nothing is written out.
    """

    kind = "softmax"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """(rows, elements) written out in either fold, the vector length, the rows of a task."""
        (out,) = outputs
        m, n = out.extents
        folds = _folds(m, n)
        lanes = lane_choices(n, dtypes.size_bytes(out.dtype), self.vectors)
        return (
            ChoiceKnob("max", folds),
            ChoiceKnob("sum", folds),
            ChoiceKnob("lanes", lanes),
            ChoiceKnob("task", powers(8, m) if m > 8 else (m,)),
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Plain maxima, sums of eight rows by a cache line each, four registers of lanes."""
        (out,) = outputs
        m, n = out.extents
        width = dtypes.size_bytes(out.dtype)
        return {
            "max": (1, 1),
            "sum": min(_folds(m, n), key=lambda fold: abs(fold[0] - 8) * 64 + abs(fold[1] - 16)),
            "lanes": nearest(lane_choices(n, width, self.vectors), 4 * self.vectors.lanes(width)),
            "task": nearest(powers(8, m) if m > 8 else (m,), 32),
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """One nest for each of the four blocks."""
        largest, _, total, _ = stages(schedule.outputs)
        folds = {largest: config["max"], total: config["sum"]}
        shared = 1 if config["parallel"] else 0
        for stage in stages(schedule.outputs):
            i, j = names = loop_names(stage)
            extents = dict(zip(names, (*stage.extents, *_folded(stage)), strict=True))
            if stage in folds:
                rows, steps = folds[stage]
                nest = Nest(
                    extents=extents,
                    cuts={i: (max(1, config["task"] // rows), rows), j: (steps,)},
                    order=[(i, 0), (i, 1), (j, 0), (j, 1), (i, 2)],
                    parallel=shared,
                    unrolled=[(j, 1), (i, 2)],
                )
            else:
                nest = Nest(
                    extents=extents,
                    cuts={i: (config["task"],), j: (config["lanes"],)},
                    order=[(i, 0), (i, 1), (j, 0), (j, 1)],
                    parallel=shared,
                    vectorized=(j, 1),
                )
            nest.apply(schedule[stage])


def _folds(rows: int, columns: int) -> tuple[tuple[int, int], ...]:
    """(rows, elements of a row) that may be written out: at most 256 copies, no remainder."""
    return tuple(
        (r, steps)
        for r in (1, 2, 4, 8, 16)
        for steps in (1, 4, 8, 16, 32)
        if r <= rows and columns % steps == 0 and r * steps <= 256
    )


def _folded(stage: Tensor) -> tuple[int, ...]:
    """The extents of the axes that a stage folds."""
    return tuple(axis.extent for axis in stage.reduce_axes)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One input and one output of two dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2]:
        rows, columns = out.extents
        yield {"rows": rows, "columns": columns, "dtype": out.dtype}


OPERATOR = Operator(softmax, SoftmaxTemplate, ("rows", "columns"), guesses)
