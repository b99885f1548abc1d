"""The dimensions of a tensor in another order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ops.checks import float_dtype
from tvmlab.ops.checks import shape as extents_from
from tvmlab.ops.choices import nearest, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, extents_of
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.streams import STREAM, is_streamed, stream
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs

TASKS = 64
"""Shares of the parallel loop, where there is enough to share."""


def transpose(
    shape: Sequence[int], axes: Sequence[int] | None = None, dtype: str = "float32"
) -> Workload:
    """The elements of a tensor with its dimensions in another order.

    B[p] = A[q], where dimension k of B is dimension axes[k] of A: q[axes[k]] = p[k].

    Args:
        shape: of A.
        axes: the dimensions of A, each once; if None in reverse.
        dtype: of both: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    extents = extents_from("transpose", "shape", shape)
    float_dtype("transpose", dtype)
    order = tuple(reversed(range(len(extents)))) if axes is None else tuple(axes)
    if sorted(order) != list(range(len(extents))):
        raise UsageError(
            f"transpose was given axes={axes!r} for {len(extents)} dimension(s); give each of "
            f"0 to {len(extents) - 1} once."
        )
    a = te.placeholder(extents, dtype, name="A")
    out = te.compute(
        tuple(extents[n] for n in order),
        lambda *p: a[tuple(p[order.index(n)] for n in range(len(order)))],
        name="B",
    )

    def compute(x: Array) -> tuple[Array, ...]:
        return (np.ascontiguousarray(x.transpose(order)),)

    args = {"shape": extents, "axes": order, "dtype": dtype}
    return Workload("transpose", args, (out,), 0, compute, {"cpu": TransposeTemplate})


class TransposeTemplate(ScheduleTemplate):
    """Squares in registers: lanes along the last dimension of the result, and as many columns of it
    written out along the dimension that is last in the operand, whose rows are then loaded whole.

    Such squares are taken along a row of the operand, so that what is fetched is used up at once,
    and lines of the result are written whole. Where the last dimension stays last, there is only
    that to go by.
    """

    kind = "transpose"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The lanes, the columns written out, and how the result is written."""
        (out,) = outputs
        extents = list(extents_of(out).values())
        size_bytes = dtypes.size_bytes(out.dtype)
        column = extents[_operand_last(out)]
        columns = tuple(n for n in (1, 2, 4, 8, 16, 32) if n == 1 or n <= column)
        return (
            ChoiceKnob("lanes", lane_choices(extents[-1], size_bytes, self.vectors)),
            ChoiceKnob("columns", columns),
            STREAM,
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """A square of one register's lanes."""
        (out,) = outputs
        knobs: dict[str, Any] = {knob.name: knob.options for knob in self.knobs(outputs)}
        lanes = nearest(knobs["lanes"], self.vectors.lanes(dtypes.size_bytes(out.dtype)))
        return {
            "lanes": lanes,
            "columns": nearest(knobs["columns"], lanes),
            "stream": is_streamed(out),
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The other dimensions, bands of lanes, columns, those written out, the lanes."""
        (out,) = schedule.outputs
        extents = extents_of(out)
        *_, x = names = list(extents)
        y = names[_operand_last(out)]
        lanes = config["lanes"]
        others: list[Part] = [(name, 0) for name in names if name not in (x, y)]
        if x == y:  # rows stay rows
            cuts: dict[str, tuple[int, ...]] = {x: (lanes,)}
            order, walked = [*others, (x, 0), (x, 1)], (x, 0)
        else:
            cuts = {x: (lanes,), y: (config["columns"],)}
            order, walked = [*others, (x, 0), (y, 0), (y, 1), (x, 1)], (y, 0)
        shared = _tasks(extents, order[: order.index(walked)], lanes, x)
        loops = Nest(
            extents=extents,
            cuts=cuts,
            order=order,
            parallel=shared if config["parallel"] else 0,
        ).apply(schedule[out])
        if x != y and (y, 1) in loops:
            schedule[out].unroll(loops[y, 1])
        if (x, 1) in loops:
            schedule[out].vectorize(loops[x, 1])
        if config["stream"]:
            stream(schedule[out], out, loops.get(walked), lanes)


def _operand_last(out: Tensor) -> int:
    """Which dimension of the result is the last of the operand."""
    assert isinstance(out.body, Load), "the body is an element of the operand"
    return next(n for n, axis in enumerate(out.axes) if axis is out.body.indices[-1])


def _tasks(extents: Mapping[str, int], parts: Sequence[Part], lanes: int, last: str) -> int:
    """How many of the outer parts make enough shares: all but the last one, if fewer do."""
    count = 1
    for number, (name, _) in enumerate(parts):
        if count >= TASKS:
            return number
        count *= -(-extents[name] // lanes) if name == last else extents[name]
    return len(parts)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One output that is, element by element, one of one input, each index an axis."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == len(given) == 1 and isinstance(out.body, Load):
        places = [n for i in out.body.indices for n, axis in enumerate(out.axes) if axis is i]
        if sorted(places) == list(range(len(out.body.indices))):
            axes = tuple(places.index(n) for n in range(len(places)))
            yield {"shape": given[0].extents, "axes": axes, "dtype": out.dtype}


OPERATOR = Operator(transpose, TransposeTemplate, ("*shape",), guesses)
