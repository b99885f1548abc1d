"""A chain of elementwise operations: relu(a * b + c)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.checks import float_dtype, size
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, extents_of
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.streams import STREAM, is_streamed, stream
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs


def multiply_add_relu(n: int, dtype: str = "float32") -> Workload:
    """The largest of zero and a * b + c, element by element.

    D[i] = max(A[i] * B[i] + C[i], 0): four streams of memory and hardly any arithmetic.

    Args:
        n: elements.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    n = size("multiply_add_relu", "n", n)
    float_dtype("multiply_add_relu", dtype)
    a, b, c = (te.placeholder((n,), dtype, name=name) for name in "ABC")
    out = te.compute((n,), lambda i: te.max(a[i] * b[i] + c[i], 0.0), name="D")

    def compute(x: Array, y: Array, z: Array) -> tuple[Array, ...]:
        return (np.maximum(x * y + z, 0),)

    args = {"n": n, "dtype": dtype}
    return Workload("multiply_add_relu", args, (out,), 3 * n, compute, {"cpu": ElementwiseTemplate})


class ElementwiseTemplate(ScheduleTemplate):
    """Vectors, a few of them written out, in tasks long enough to be worth handing out."""

    kind = "multiply_add_relu"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The vector length, the vectors written out, the elements of a task, how to write."""
        (out,) = outputs
        n, width = out.extents[0], dtypes.size_bytes(out.dtype)
        return (
            ChoiceKnob("lanes", lane_choices(n, width, self.vectors)),
            ChoiceKnob("unroll", (1, 2, 4, 8)),
            ChoiceKnob("task", powers(1 << 12, n) if n > 1 << 12 else (n,)),
            STREAM,
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Two registers at a time, in tasks of 32 Ki elements."""
        (out,) = outputs
        knobs: dict[str, Any] = {knob.name: knob.options for knob in self.knobs(outputs)}
        lanes = self.vectors.lanes(dtypes.size_bytes(out.dtype))
        return {
            "lanes": nearest(knobs["lanes"], lanes),
            "unroll": 2,
            "task": nearest(knobs["task"], 1 << 15),
            "stream": is_streamed(out),
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """One loop in four: tasks, steps, written-out vectors, lanes."""
        (out,) = schedule.outputs
        extents = extents_of(out)
        (i,) = extents
        lanes, unroll = config["lanes"], config["unroll"]
        steps = max(1, config["task"] // (lanes * unroll))
        loops = Nest(
            extents=extents,
            cuts={i: (steps, unroll, lanes)},
            order=[(i, 0), (i, 1), (i, 2), (i, 3)],
            parallel=1 if config["parallel"] else 0,
            unrolled=[(i, 2)],
            vectorized=(i, 3),
        ).apply(schedule[out])
        if config["stream"]:
            stream(schedule[out], out, loops.get((i, 1)), lanes)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """Three inputs and one output of one dimension."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [1, 1, 1, 1]:
        yield {"n": out.extents[0], "dtype": out.dtype}


OPERATOR = Operator(multiply_add_relu, ElementwiseTemplate, ("n",), guesses)
