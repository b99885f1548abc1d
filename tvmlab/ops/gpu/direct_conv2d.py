"""The direct convolution of AutoTVM's CUDA template: its knobs, and so a space of the same size.

Chen et al., Learning to Optimize Tensor Programs (2018); TVM's tutorial `tune_conv2d_cuda`. Output
channels, rows and columns are cut in blocks, virtual threads, threads and a thread's own results;
input channels, kernel rows and columns in steps, parts of a step and the innermost loop. For the
layer C12 of ResNet-18 the space has 220 * 4 * 4 * 55 * 3 * 3 * 3 * 2 = 10,454,400 points. Factors
are exact, so many points are illegal (too many threads) or do not fit a device, as there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.ops.gpu.fold_part import FoldPart
from tvmlab.ops.gpu.template import bind_rest
from tvmlab.ops.gpu.tiled_fold import Cut, Tiles
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option, SplitKnob
from tvmlab.ops.nest import blocks
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor

SPACE = ("oc", "oh", "ow")
FOLD = ("ic", "kh", "kw")
"""The loops of a convolution that are cut, as `tvmlab.ops.conv2d` names them."""

TILES = {"oc": "tile_f", "oh": "tile_y", "ow": "tile_x", "ic": "tile_rc", "kh": "tile_ry",
         "kw": "tile_rx"}  # fmt: skip
"""Loop -> AutoTVM's name of its knob."""

UNROLLED = (0, 512, 1500)
"""Copies of a statement up to which loops are written out: `auto_unroll_max_step`."""

MOST_COPIES = 512
"""As many as the step unroll makes; of more, CUDA's compiler decides."""


@dataclass(frozen=True)
class DirectConv2d(ScheduleTemplate):
    """A convolution of images, its zeros made where its input is fetched."""

    kind = "conv2d_direct"
    target = "cuda"

    @property
    def name(self) -> str:
        """`conv2d_direct/cuda`."""
        return f"{self.kind}/{self.target}"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """AutoTVM's, under its names and in its order."""
        conv = outputs[0]
        extents = {**dict(zip(SPACE, conv.extents[1:], strict=True)),
                   **dict(zip(FOLD, (a.count for a in conv.reduce_axes), strict=True))}  # fmt: skip
        return (
            *(SplitKnob(TILES[name], extents[name], 4) for name in SPACE),
            *(SplitKnob(TILES[name], extents[name], 3) for name in FOLD),
            ChoiceKnob("auto_unroll_max_step", UNROLLED),
            ChoiceKnob("unroll_explicit", (0, 1)),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """About 8 threads along each loop, few results each, steps of about 8 input channels."""
        chosen: dict[str, Option] = {"auto_unroll_max_step": 512, "unroll_explicit": 1}
        for knob in self.knobs(outputs):
            if isinstance(knob, SplitKnob) and knob.parts == 4:
                chosen[knob.name] = min(
                    knob.options, key=lambda t: (t[1], abs(t[2] - 8), abs(t[3] - 2))
                )
            elif isinstance(knob, SplitKnob):
                wish = 8 if knob.name == TILES["ic"] else knob.extent
                chosen[knob.name] = min(knob.options, key=lambda t: (abs(t[1] * t[2] - wish), t[1]))
        return chosen

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The steps of `Tiles`, with the cuts as they are given."""
        ((stage, block), made) = _convolution(schedule)
        cuts = {name: Cut(*config[TILES[name]][1:]) for name in SPACE}
        steps = {name: tuple(config[TILES[name]][1:]) for name in FOLD}
        copies = config["auto_unroll_max_step"] if config["unroll_explicit"] else 0
        unit = UNITS[self.target]
        read = FoldPart(stage, block, unit, "", made).read
        Tiles(cuts, steps, read, unroll=min(MOST_COPIES, copies)).apply(
            schedule, block, unit.shared_bytes
        )
        bind_rest(schedule, unit)


def _convolution(schedule: Schedule) -> tuple[tuple[Tensor, str], dict[str, str]]:
    """The convolution and its block, and what makes its padded input, if anything does."""
    *before, last = blocks(schedule.outputs)
    return last, {stage.name: name for stage, name in before}
