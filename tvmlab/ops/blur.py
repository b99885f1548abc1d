"""A box blur: the mean of every three by three neighbours of an image, in two stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.checks import float_dtype, size
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, blocks, extents_of, inner_extents, loop_names
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.streams import STREAM, is_streamed, stream
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs

WIDTH = 3
"""Neighbours in a row, and in a column."""


def blur(height: int, width: int, dtype: str = "float32") -> Workload:
    """The mean of every three by three neighbours of an image.

    H[y, x] = A[y, x] + A[y, x + 1] + A[y, x + 2]; B[y, x] = (H[y, x] + H[y + 1, x] + H[y + 2, x])
    / 9. A has two rows and two columns more than B, so that no neighbour is missing (Ragan-Kelley
    and others, Halide, PLDI 2013, figure 1).

    Args:
        height, width: the shape of B.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    m, n = size("blur", "height", height), size("blur", "width", width)
    float_dtype("blur", dtype)
    more = WIDTH - 1
    a = te.placeholder((m + more, n + more), dtype, name="A")
    sums = te.compute((m + more, n), lambda y, x: a[y, x] + a[y, x + 1] + a[y, x + 2], name="H")
    out = te.compute(
        (m, n),
        lambda y, x: (sums[y, x] + sums[y + 1, x] + sums[y + 2, x]) * (1.0 / WIDTH**2),
        name="B",
    )

    def compute(image: Array) -> tuple[Array, ...]:
        across = image[:, :-2] + image[:, 1:-1] + image[:, 2:]
        return ((across[:-2] + across[1:-1] + across[2:]) / WIDTH**2,)

    args = {"height": m, "width": n, "dtype": dtype}
    flops = 2 * (m + more) * n + WIDTH * m * n
    return Workload("blur", args, (out,), flops, compute, {"cpu": BlurTemplate})


class BlurTemplate(ScheduleTemplate):
    """Bands of a few rows, in vectors: the sums across of a band and two rows more stay in
    registers, and each serves three rows of the result."""

    kind = "blur"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Rows of a band, lanes, bands of a task, where the sums are made, how to write."""
        (out,) = outputs
        m, n = out.extents
        rows = tuple(r for r in (1, 2, 4, 6, 8, 12) if r <= m)
        return (
            ChoiceKnob("rows", rows),
            ChoiceKnob("lanes", lane_choices(n, dtypes.size_bytes(out.dtype), self.vectors)),
            ChoiceKnob("bands", powers(1, -(-m // rows[0]))),
            ChoiceKnob("sums", ("registers", "band", "recomputed")),
            STREAM,
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Bands of four rows and two registers, whose sums are twelve registers; tasks of four."""
        (out,) = outputs
        knobs: dict[str, Any] = {knob.name: knob.options for knob in self.knobs(outputs)}
        return {
            "rows": nearest(knobs["rows"], 4),
            "lanes": nearest(knobs["lanes"], 2 * self.vectors.lanes(dtypes.size_bytes(out.dtype))),
            "bands": nearest(knobs["bands"], 4),
            "sums": "registers",
            "stream": is_streamed(out),
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Tasks, bands, vectors along them, the rows of a band; the sums where they are wanted."""
        (out,) = schedule.outputs
        (_, across), (_, last) = blocks(schedule.outputs)
        extents = extents_of(out)
        y, x = extents
        if config["sums"] == "recomputed":
            schedule[across].compute_inline()
        loops = Nest(
            extents=extents,
            cuts={y: (config["bands"], config["rows"]), x: (config["lanes"],)},
            order=[(y, 0), (y, 1), (x, 0), (y, 2), (x, 1)],
            parallel=1 if config["parallel"] else 0,
            unrolled=[(y, 2)],
            vectorized=(x, 1),
        ).apply(schedule[out])
        if config["sums"] != "recomputed":
            self._place_sums(schedule, across, last, loops, config)
        if config["stream"]:
            stream(schedule[out], out, loops.get((x, 0)), config["lanes"])

    def _place_sums(
        self,
        schedule: Schedule,
        block: str,
        last: str,
        loops: Mapping[tuple[str, int], str],
        config: Mapping[str, Any],
    ) -> None:
        """The sums across within the loops of the result, in vectors, their rows written out."""
        (out,) = schedule.outputs
        y, x = extents_of(out)
        in_registers = config["sums"] == "registers"
        wanted = [(y, 0), (y, 1), *([(x, 0)] if in_registers else [])]
        around = [loops[part] for part in wanted if part in loops]
        if around:
            schedule[block].compute_at(last, around[-1])
        extents = inner_extents(schedule, block, len(around))
        own = dict(zip(reversed(loop_names(out)), reversed(extents), strict=False))
        rows, lanes = own.get(y, ""), own.get(x, "")
        Nest(
            extents=extents,
            cuts={lanes: (config["lanes"],)},
            order=[(rows, 0), (lanes, 0), (lanes, 1)],
            unrolled=[(rows, 0)] if in_registers and around else [],
            vectorized=(lanes, 1),
        ).apply(schedule[block])


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One input and one output of two dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2]:
        height, width = out.extents
        yield {"height": height, "width": width, "dtype": out.dtype}


OPERATOR = Operator(blur, BlurTemplate, ("height", "width"), guesses)
