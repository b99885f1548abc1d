"""The spaces that `record_space.py` measures whole: workloads, knobs, and what a choice stands for.

Two kinds. `narrowed` spaces are those of an operator's template with fewer options of its knobs, so
that a few thousand configurations are all there are. The others are written here in the manner of
AutoTVM's templates: factors of loops, their order, what is written out; with choices that a
schedule refuses, or that no compiler should be asked for, as a space of a user's has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab import ops
from tvmlab.ops import Workload
from tvmlab.ops.knobs import ChoiceKnob, Knob, OrderKnob, SplitKnob
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.tune.space import Space


@dataclass(frozen=True)
class SpaceToRecord:
    """A workload, the knobs of its space, and `apply`: the steps of a configuration."""

    workload: Workload
    knobs: tuple[Knob, ...]
    apply: Callable[[Schedule, Mapping[str, Any]], None]

    def space(self) -> Space:
        """Every configuration, with the steps each stands for."""

        def realise(config: Mapping[str, Any]) -> list[dict[str, Any]]:
            schedule = create_schedule(self.workload.tensors)
            self.apply(schedule, config)
            return [step.to_json() for step in schedule.trace.steps]

        return Space(self.knobs, realise)


def narrowed(workload: Workload, **options: Sequence[Any] | int) -> SpaceToRecord:
    """The space of the workload's own template, for one thread.

    Args:
        options: of a knob: those that are left, or a number n for each n-th.
    """
    template = workload.template()
    knobs: list[Knob] = []
    for knob in template.knobs(workload.tensors):
        kept = options.get(knob.name, knob.options)
        if knob.name == "parallel":
            kept = [knob.options[-1] if knob.options[0] else knob.options[0]]
        if isinstance(kept, int):
            kept = knob.options[::kept]
        knobs.append(ChoiceKnob(knob.name, tuple(kept)))
    return SpaceToRecord(workload, tuple(knobs), template.apply)


def product_by_tiles(workload: Workload, rows: int, steps: int) -> SpaceToRecord:
    """A matrix product in tiles: factors of each loop, the order of the tiles' loops, what is
    written out; columns of a tile are lanes, of which a vector may have 128 and not 256.

    Args:
        rows, steps: of a tile at most: more would only lengthen compilation.
    """
    (out,) = workload.tensors
    *_, m, n = out.extents
    k = out.reduce_axes[0].count
    knobs = (
        SplitKnob("tile_y", m, 2, keep=lambda t: t[1] <= rows),
        SplitKnob("tile_x", n, 2, keep=lambda t: t[1] not in (2, 4)),
        SplitKnob("tile_k", k, 2, keep=lambda t: t[1] <= steps),
        OrderKnob("order", ("y", "x", "k")),
        ChoiceKnob("unroll", ("none", "rows", "steps")),
    )

    def apply(schedule: Schedule, config: Mapping[str, Any]) -> None:
        stage = schedule[schedule.outputs[0]]
        *batch, y, x, k = stage.loops
        (yo, yi), (xo, xi), (ko, ki) = (
            stage.split(loop, factors=config[f"tile_{name}"])
            for name, loop in (("y", y), ("x", x), ("k", k))
        )
        outer = {"y": yo, "x": xo, "k": ko}
        stage.reorder(*batch, *(outer[name] for name in config["order"]), ki, yi, xi)
        if config["tile_x"][1] > 1:
            stage.vectorize(xi)
        for loop in {"none": [], "rows": [yi], "steps": [ki, yi]}[config["unroll"]]:
            stage.unroll(loop)

    return SpaceToRecord(workload, knobs, apply)


def convolution_by_tiles(workload: Workload, channels: int, rows: int) -> SpaceToRecord:
    """A convolution that reads the image itself, in tiles of channels, rows and columns.

    Args:
        channels, rows: of a tile at most.
    """
    (out,) = workload.tensors
    _, oc, height, width = out.extents
    ic = out.reduce_axes[0].count
    knobs = (
        SplitKnob("tile_oc", oc, 2, keep=lambda t: t[1] <= channels),
        SplitKnob("tile_oh", height, 2, keep=lambda t: t[1] <= rows),
        SplitKnob("tile_ow", width, 2),
        SplitKnob("tile_ic", ic, 2, keep=lambda t: t[1] in (1, 8, 32)),
        OrderKnob("order", ("oc", "oh", "ic"), keep=lambda o: o[0] != "ic" and o[2] != "oc"),
        ChoiceKnob("unroll", ("none", "columns", "window")),
    )

    def apply(schedule: Schedule, config: Mapping[str, Any]) -> None:
        pad = schedule[schedule.blocks[0]]
        pad.vectorize(pad.loops[-1])
        stage = schedule[schedule.outputs[0]]
        n, oc, oh, ow, ic, kh, kw = stage.loops
        (co, ci), (yo, yi), (xo, xi), (io, ii) = (
            stage.split(loop, factors=config[f"tile_{name}"])
            for name, loop in (("oc", oc), ("oh", oh), ("ow", ow), ("ic", ic))
        )
        outer = {"oc": co, "oh": yo, "ic": io}
        order = [outer[name] for name in config["order"]]
        stage.reorder(n, *order, xo, ii, kh, kw, ci, yi, xi)
        if config["tile_ow"][1] > 1:
            stage.vectorize(xi)
        window = {"none": [], "columns": [kw], "window": [kh, kw]}[config["unroll"]]
        for loop in (*window, ci, yi):
            stage.unroll(loop)

    return SpaceToRecord(workload, knobs, apply)


SPACES: Mapping[str, Callable[[], SpaceToRecord]] = {
    "matmul_tiles": lambda: product_by_tiles(ops.matmul(256, 256, 256), rows=32, steps=8),
    "matmul_packed": lambda: narrowed(
        ops.matmul(384, 384, 384), tile=3, rows=(32, 128, 384), columns=(128, 384),
        depth=(32, 384),
    ),
    "batch_matmul": lambda: product_by_tiles(ops.batch_matmul(12, 64, 64, 96), rows=16, steps=8),
    "conv2d_tiles": lambda: convolution_by_tiles(
        ops.conv2d(1, 32, 28, 28, 32, 3), channels=8, rows=4
    ),
    "conv2d_panels": lambda: narrowed(
        ops.conv2d(1, 64, 14, 14, 64, 3), tile=3, rows=(2, 14), depth=(8, 64), channels=(16,),
    ),
    "depthwise": lambda: narrowed(ops.depthwise_conv2d(1, 512, 14, 14, 3)),
    "softmax": lambda: narrowed(ops.softmax(256, 768), task=(64,), lanes=(16, 48, 64)),
    "blur": lambda: narrowed(ops.blur(512, 512)),
}  # fmt: skip
"""Name -> the space, made when asked for."""
