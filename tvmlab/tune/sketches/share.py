"""Cooperative fetching: the threads of a block copy what they read often to shared memory first.

SSSRRSRS with its operands' copies in each step of the fold, and with sums in registers; what makes
an operand alone, such as zeros around an image, is computed where it is copied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.ops.gpu.fold_part import FoldPart
from tvmlab.ops.gpu.matrix_part import MatrixPart
from tvmlab.ops.gpu.product_part import ProductPart
from tvmlab.ops.gpu.unit import UNITS, ThreadUnit
from tvmlab.ops.knobs import Knob, Option
from tvmlab.schedule import Schedule
from tvmlab.tune.sketches.partial import Partial, Places


@dataclass(frozen=True)
class Share:
    """Tile a fold whose operands serve several results, and let threads fetch these together.

    Attributes:
        unit: the processor to plan for.
    """

    unit: ThreadUnit = UNITS["opencl"]
    name = "share"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether it folds one result, and an operand serves several."""
        stage = partial.stage(block)
        if not stage.reduce_axes or not stage.axes or len(stage.results) > 1:
            return False
        return FoldPart(stage, block, self.unit).is_shared

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """Shared; and as it was, for rules that fetch nothing."""
        stage = partial.stage(block)
        makers = makers_of(partial, block, FoldPart(stage, block, self.unit).read)
        part = FoldPart(stage, block, self.unit, "", makers)
        return [partial.decide(Shared(part), block, *makers.values()), partial]


def makers_of(partial: Partial, block: str, read: Collection[str]) -> dict[str, str]:
    """Of the buffers that a block reads, those that cheap maps make for it alone: these maps."""
    stages = partial.stages
    return {
        stages.tensors[name].name: name
        for name in stages.producers(block)
        if name in partial.waiting
        and name not in stages.outputs
        and stages.is_map(name)
        and not stages.is_costly(name)
        and stages.readers(name) == [block]
        and stages.tensors[name].name in read
    }


@dataclass(frozen=True)
class Shared:
    """A fold that is tiled and fetched for, as a part of a sketch."""

    part: FoldPart | MatrixPart | ProductPart

    @property
    def word(self) -> str:
        """`share(C)`, with what is computed where it is copied."""
        made = "".join(f", {name}" for name in self.part.makers.values())
        return f"{self.part.word.removesuffix(')')}{made})"

    def knobs(self) -> Sequence[Knob]:
        """Those of the fold."""
        return self.part.knobs()

    def default(self) -> dict[str, Option]:
        """That of the fold."""
        return self.part.default()

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """The steps of the fold."""
        self.part.apply(schedule, config)
