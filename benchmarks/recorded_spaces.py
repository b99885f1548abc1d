"""The spaces that `record_space.py` measures points of.

Two kinds, each with every option of every knob: those of the sketches derived from an expression,
as `t.tune` searches them; and tilings in the manner of AutoTVM's templates, where every factor of
every loop is an option, and little is known beforehand. They are too large to be measured whole;
points are drawn from each as the random explorer draws them, and what explorers are tried on is the
space of these points. `docs/search.md` says how they were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tvmlab import ops
from tvmlab.ops import Workload
from tvmlab.ops.knobs import ChoiceKnob, Knob, SplitKnob
from tvmlab.ops.vector_unit import AVX512
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.tune.sketch_space import SKETCH, SketchSpace
from tvmlab.tune.sketches import sketches
from tvmlab.tune.space import Space

POINTS = 3000
"""Configurations measured of each space."""


@dataclass(frozen=True)
class SpaceToRecord:
    """A workload, the space of its configurations, and `apply`: the steps of one."""

    workload: Workload
    space: Space
    apply: Callable[[Schedule, Mapping[str, Any]], None]

    def points(self) -> np.ndarray:
        """(POINTS, knobs) the digits of different configurations, drawn."""
        return self.space.draw_new(POINTS, np.random.default_rng(0), frozenset())


def of_sketches(workload: Workload) -> SpaceToRecord:
    """The space of the sketches that rules derive from the expression."""
    found = sketches(workload.tensors, AVX512)

    def apply(schedule: Schedule, config: Mapping[str, Any]) -> None:
        found[config[SKETCH]].apply(schedule, config)

    return SpaceToRecord(workload, SketchSpace(found, workload.tensors), apply)


def of_tilings(
    workload: Workload, spatial: Mapping[str, int], fold: Mapping[str, int]
) -> SpaceToRecord:
    """Loops of the result cut in three and of its fold in two, at every factor.

    From the outside: tasks, blocks and steps in either order, one step, the tile; its last loop is
    lanes, of which a vector may have 128 and not 256, so some are refused. Other stages are
    computed where they are read, before each task, or before everything.

    Args:
        spatial, fold: a loop that is cut -> iterations of its innermost part at most: more would
            only lengthen compilation.
    """
    (out,) = workload.tensors
    extents = {axis.name: n for axis, n in zip(out.axes, out.extents, strict=True)}
    extents |= {axis.name: axis.count for axis in out.reduce_axes}
    parts = dict.fromkeys(spatial, 3) | dict.fromkeys(fold, 2)
    caps = {**spatial, **fold}
    helpers = create_schedule(workload.tensors).blocks[:-1]
    knobs: list[Knob] = [
        SplitKnob(name, extents[name], n, keep=lambda t, cap=caps[name]: t[-1] <= cap)
        for name, n in parts.items()
    ]
    knobs.append(ChoiceKnob("steps", ("around blocks", "within blocks")))
    knobs.append(ChoiceKnob("unroll", ("none", "rows", "steps", "everything")))
    knobs += [ChoiceKnob(f"{name} at", ("read", "task", "root")) for name in helpers]

    def apply(schedule: Schedule, config: Mapping[str, Any]) -> None:
        stage = schedule[schedule.outputs[0]]
        loops = {str(loop): [loop] for loop in stage.loops}
        for name in parts:
            loops[name] = stage.split(name, factors=config[name])
        tasks, blocks, tile = ([loops[name][level] for name in spatial] for level in range(3))
        steps, step = ([loops[name][level] for name in fold] for level in range(2))
        whole = [cut[0] for name, cut in loops.items() if name not in parts]
        window = [loop for loop in whole if str(loop) in [axis.name for axis in out.reduce_axes]]
        single = [loop for loop in whole if loop not in window]
        middle = [*steps, *blocks] if config["steps"] == "around blocks" else [*blocks, *steps]
        stage.reorder(*single, *tasks, *middle, *step, *window, *tile)
        if config[list(spatial)[-1]][-1] > 1:
            stage.vectorize(tile[-1])
        written = {"none": [], "rows": tile[:-1], "steps": [*step, *tile[:-1]],
                   "everything": [*step, *window, *tile[:-1]]}  # fmt: skip
        for loop in written[config["unroll"]]:
            stage.unroll(loop)
        for name in reversed(helpers):
            if config[f"{name} at"] == "read":
                schedule[name].compute_inline()
            elif config[f"{name} at"] == "task":
                schedule[name].compute_at(schedule.outputs[0], tasks[-1])
            if config[f"{name} at"] != "read":
                helper = schedule[name]
                helper.vectorize(helper.loops[-1])

    def realise(config: Mapping[str, Any]) -> list[dict[str, Any]]:
        schedule = create_schedule(workload.tensors)
        apply(schedule, config)
        return [step.to_json() for step in schedule.trace.steps]

    return SpaceToRecord(workload, Space(knobs, realise), apply)


SPACES: Mapping[str, Callable[[], SpaceToRecord]] = {
    "conv1d_tilings": lambda: of_tilings(
        ops.conv1d(1, 64, 192, 64, 3), {"oc": 16, "ow": 192}, {"ic": 8}
    ),
    "conv2d_tilings": lambda: of_tilings(
        ops.conv2d(1, 16, 28, 28, 32, 3), {"oc": 8, "oh": 4, "ow": 28}, {"ic": 4}
    ),
    "grouped_tilings": lambda: of_tilings(
        ops.conv2d(1, 32, 20, 20, 64, 3, groups=4), {"oc": 8, "oh": 4, "ow": 20}, {"ic": 4}
    ),
    "depthwise_sketch": lambda: of_sketches(ops.depthwise_conv2d(1, 64, 28, 28, 3, stride=2)),
    "depthwise_tilings": lambda: of_tilings(
        ops.depthwise_conv2d(1, 96, 28, 28, 3), {"c": 8, "oh": 7, "ow": 28}, {}
    ),
    "layer_norm_sketch": lambda: of_sketches(ops.layer_norm(128, 512)),
    "softmax_sketch": lambda: of_sketches(ops.softmax(128, 768)),
    "earlier/conv1d_tilings": lambda: of_tilings(
        ops.conv1d(1, 32, 96, 96, 3), {"oc": 16, "ow": 96}, {"ic": 8}
    ),
    "earlier/conv2d_tilings": lambda: of_tilings(
        ops.conv2d(1, 32, 14, 14, 48, 3), {"oc": 8, "oh": 4, "ow": 14}, {"ic": 4}
    ),
    "earlier/grouped_tilings": lambda: of_tilings(
        ops.conv2d(1, 32, 14, 14, 32, 3, groups=2), {"oc": 8, "oh": 4, "ow": 14}, {"ic": 4}
    ),
    "earlier/depthwise_sketch": lambda: of_sketches(ops.depthwise_conv2d(1, 96, 14, 14, 3)),
    "earlier/depthwise_tilings": lambda: of_tilings(
        ops.depthwise_conv2d(1, 64, 20, 20, 3), {"c": 8, "oh": 7, "ow": 20}, {}
    ),
    "earlier/layer_norm_sketch": lambda: of_sketches(ops.layer_norm(96, 768)),
    "earlier/softmax_sketch": lambda: of_sketches(ops.softmax(192, 512)),
}
"""Name -> the space, made when asked for. `earlier` are those of the same kind at other sizes: what
a search may have learnt beforehand."""
