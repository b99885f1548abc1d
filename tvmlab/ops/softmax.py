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
from tvmlab.ops.nest import Nest, Part, blocks, extents_of, inner_extents
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs
from tvmlab.te.reduction import Reduce


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
    """A few rows at a time through all four blocks, while they are in the nearest cache.

    The maxima, exponentials and sums of a group of rows are computed inside the loop over groups
    of the last block. Folding a row is one chain of dependent operations, so a sum is only fast if
    several rows are folded side by side, with enough elements of each written out to use up a
    cache line before the next. A maximum may be taken in any order without a change of its
    result: LLVM's own vectors serve it best, if nothing is written out.
    """

    kind = "softmax"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Rows of a group, elements of a sum's step, the vector length, and rows of a task."""
        (out,) = outputs
        m, n = out.extents
        return (
            ChoiceKnob("rows", tuple(r for r in (1, 2, 4, 8, 16) if r <= m)),
            ChoiceKnob("steps", tuple(s for s in (1, 4, 8, 16) if n % s == 0)),
            ChoiceKnob("lanes", lane_choices(n, dtypes.size_bytes(out.dtype), self.vectors)),
            ChoiceKnob("task", powers(16, m)),
            switch("inside"),
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Four rows at a time, sums by a cache line, four registers of lanes, few tasks."""
        (out,) = outputs
        knobs: dict[str, Any] = {knob.name: knob.options for knob in self.knobs(outputs)}
        lanes = 4 * self.vectors.lanes(dtypes.size_bytes(out.dtype))
        return {
            "rows": nearest(knobs["rows"], 4),
            "steps": knobs["steps"][-1],
            "lanes": nearest(knobs["lanes"], lanes),
            "task": nearest(knobs["task"], 256),
            "inside": True,
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The last block's nest, then those of the others, inside its groups or before it."""
        *before, (out, last) = blocks(schedule.outputs)
        extents = extents_of(out)
        i, j = extents
        rows = config["rows"]
        groups = max(1, config["task"] // rows)
        loops = Nest(
            extents=extents,
            cuts={i: (groups, rows), j: (config["lanes"],)},
            order=[(i, 0), (i, 1), (i, 2), (j, 0), (j, 1)],
            parallel=1 if config["parallel"] else 0,
            vectorized=(j, 1),
        ).apply(schedule[out])
        around = [loops[part] for part in ((i, 0), (i, 1)) if part in loops]
        is_inside = bool(config["inside"] and around)
        if is_inside:
            for _, block in reversed(before):
                schedule[block].compute_at(last, around[-1])
        for stage, block in before:
            own = inner_extents(schedule, block, len(around) if is_inside else 0)
            _nest_before(stage, own, config, is_inside).apply(schedule[block])


def _nest_before(
    stage: Tensor, extents: Mapping[str, int], config: Mapping[str, Any], is_inside: bool
) -> Nest:
    """The nest of a block that the last one reads: over a group's rows, or over all of them.

    Args:
        extents: the loops over which it ranges, rows and columns; a group of one row has none.
    """
    i, j = ("", "", *extents)[-2:]
    row: Part = (i, 0) if is_inside else (i, 2)
    outer: list[Part] = [] if is_inside else [(i, 0), (i, 1)]
    cuts: dict[str, tuple[int, ...]] = {}
    if not is_inside:
        cuts[i] = (max(1, config["task"] // config["rows"]), config["rows"])
    fold = stage.body.reducer.name if isinstance(stage.body, Reduce) else "none"
    order = [*outer, row, (j, 0), (j, 1)]
    if fold == "sum":
        cuts[j] = (config["steps"],)
        order = [*outer, (j, 0), (j, 1), row]
    elif fold == "none":
        cuts[j] = (config["lanes"],)
    return Nest(
        extents=extents,
        cuts=cuts,
        order=order,
        parallel=0 if is_inside or not config["parallel"] else 1,
        unrolled=[(j, 1), row] if fold == "sum" else [],
        vectorized=(j, 1) if fold == "none" else None,
    )


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One input and one output of two dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2]:
        rows, columns = out.extents
        yield {"rows": rows, "columns": columns, "dtype": out.dtype}


OPERATOR = Operator(softmax, SoftmaxTemplate, ("rows", "columns"), guesses)
