"""The template of depthwise convolutions, alone or with what follows them at each element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.arith.simplify import linear
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.walk import exprs
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, blocks, extents_inside, extents_of, inner_extents, loop_names
from tvmlab.ops.register_tile import lane_choices, register_tiles, row_choices, waste
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.window_schedule import pad_nest, unroll_knob, written_out
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import terms_of


class DepthwiseTemplate(ScheduleTemplate):
    """Channel by channel, some rows of a strip of columns in registers, zeros made as they are met.

    The windows of neighbouring rows overlap, so with windows written out the rows share their
    loads. What follows the sums, element by element, is done while they are in registers.
    """

    kind = "depthwise_conv2d"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The register tile, the channels of a task, what is written out, where zeros are made."""
        (out,) = outputs
        return (
            ChoiceKnob("tile", self._tiles(out)),
            ChoiceKnob("channels", powers(1, out.extents[1])),
            unroll_knob(_kernel(_sums(outputs)[0])),
            ChoiceKnob("zeros", ("met", "channel", "before")),
            switch("parallel"),
        )

    def _tiles(self, out: Tensor) -> tuple[tuple[int, ...], ...]:
        """(rows, columns) of C that fit in the registers."""
        *_, height, width = out.extents
        size_bytes = dtypes.size_bytes(out.dtype)
        rows = [(r,) for r in row_choices(height)]
        return register_tiles(
            rows, lane_choices(width, size_bytes, self.vectors), size_bytes, self.vectors
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """The widest strip, so that fewest masks vary; rows for half the registers; whole windows.

        The rows of the image that the sums share want the other half, and where windows are some
        columns apart, each of them is put together from as many vectors.
        """
        (out,) = outputs
        size_bytes = dtypes.size_bytes(out.dtype)
        *_, height, width = out.extents
        window = _sums(outputs)[0]
        room = self.vectors.registers // (2 * max(1, _columns_apart(window)))

        def sums(tile: tuple[int, ...]) -> int:
            return tile[0] * self.vectors.vectors(tile[1], size_bytes)

        def cost(tile: tuple[int, ...]) -> tuple[float, float]:
            """Strips; then rows thrown away, and what each tile takes beside its sums."""
            return -(-width // tile[1]), waste(height, tile[0]) * (1 + 1 / sums(tile))

        tiles = self._tiles(out)
        return {
            "tile": min([t for t in tiles if sums(t) <= room] or [min(tiles)], key=cost),
            "channels": nearest(powers(1, out.extents[1]), 8),
            "unroll": unroll_knob(_kernel(window)).options[-1],
            "zeros": "met",
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """A nest for the last block, the sums in its tiles, and the zeros where they are wanted."""
        *_, (out, last) = blocks(schedule.outputs)
        sums, summed = _sums(schedule.outputs)
        extents = extents_of(out)
        n, c, y, x = loop_names(out)[:4]
        kh, kw = loop_names(sums)[4:]
        rows, lanes = config["tile"]
        shared = 2 if config["parallel"] else 0
        windows = written_out(config["unroll"], kh, kw)
        loops = Nest(
            extents=extents,
            cuts={c: (config["channels"],), y: (rows,), x: (lanes,)},
            order=[
                (n, 0), (c, 0), (c, 1), (y, 0), (x, 0), (kw, 0), (kh, 0), (y, 1), (x, 1),
            ],
            parallel=shared,
            unrolled=[*(windows if sums is out else []), (y, 1)],
            vectorized=(x, 1),
        ).apply(schedule[last])  # fmt: skip
        channel = next(loops[part] for part in ((c, 1), (c, 0), (n, 0)) if part in loops)
        if sums is not out:
            tile = next((loops[part] for part in ((x, 0), (y, 0)) if part in loops), channel)
            schedule[summed].compute_at(last, tile)
            oh, ow = loop_names(sums)[2:4]
            Nest(
                extents=extents_inside(schedule, summed, tile),
                order=[(kw, 0), (kh, 0), (oh, 0), (ow, 0)],
                unrolled=[*windows, (oh, 0)],
                vectorized=(ow, 0),
            ).apply(schedule[summed])
        if schedule.blocks[0] != summed:
            self._zeros(schedule, config["zeros"], last, channel, shared)

    def _zeros(self, schedule: Schedule, where: Any, last: str, channel: str, shared: int) -> None:
        """The first block, which puts zeros around the image, as part of those that read it, for
        a channel at a time, or before all."""
        block = schedule.blocks[0]
        if where == "met":
            schedule[block].compute_inline()
            return
        if where == "channel":
            schedule[block].compute_at(last, channel)
            own, shared = extents_inside(schedule, block, channel), 0
        else:
            own = inner_extents(schedule, block, 0)
        pad_nest(own, schedule.outputs[0].dtype, self.vectors, shared).apply(schedule[block])


def _sums(outputs: Sequence[Tensor]) -> tuple[Tensor, str]:
    """The computation that adds up windows, and the name of its block."""
    return next((stage, name) for stage, name in blocks(outputs) if stage.reduce_axes)


def _kernel(sums: Tensor) -> tuple[int, int]:
    """Height and width of a window."""
    rows, columns = sums.reduce_axes
    return rows.count, columns.count


def _columns_apart(sums: Tensor) -> int:
    """Columns between windows."""
    (body,) = terms_of(sums)
    image = next(e for e in exprs(body) if isinstance(e, Load) and len(e.indices) == 4)
    return linear(image.indices[-1], {}).terms.get(sums.axes[-1], 0)
