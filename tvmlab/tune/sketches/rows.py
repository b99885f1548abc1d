"""Fusion of everything that works on rows: folds of a row, and the maps that read them.

Softmax and normalisations of any kind are such: every stage has the result's leading dimensions,
reads the others at its own, and folds over a row at most. A few rows at a time go through all of
them, while they are in the nearest cache.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.rows import RowsTemplate
from tvmlab.ops.stages import Stages
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.tune.sketches.partial import Partial, Places


class Rows:
    """Compute all stages within the last one's loop over groups of rows."""

    name = "rows"

    def applies(self, partial: Partial, block: str) -> bool:
        """Whether nothing is decided yet, and all stages work on rows of the only output's."""
        stages = partial.stages
        if len(partial.outputs) > 1 or partial.waiting != tuple(reversed(list(stages.definitions))):
            return False
        last = stages.definitions[block]
        others = [name for name in stages.definitions if name != block]
        return (
            block in stages.outputs
            and len(last.axes) > 1
            and not last.reduce_axes
            and any(stages.definitions[other].reduce_axes for other in others)
            and all(_works_on_rows(stages, other, last) for other in others)
            and all(_reads_its_rows(stages, name) for name in stages.definitions)
        )

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """All together, and stage by stage."""
        part = RowsPart(RowsTemplate(partial.vectors), partial.outputs, block)
        return [partial.decide(part, *partial.waiting), partial]


def _works_on_rows(stages: Stages, block: str, last: Tensor) -> bool:
    """Whether a stage has a number for each row of `last`, folded from it, or for each element."""
    stage = stages.definitions[block]
    lead = last.extents[:-1]
    if len(stage.results) > 1 or len(stage.reduce_axes) > 1:
        return False
    if stage.reduce_axes:
        return stage.extents == lead and stage.reduce_axes[0].count == last.extents[-1]
    return stage.extents in (lead, last.extents)


def _reads_its_rows(stages: Stages, block: str) -> bool:
    """Whether a stage reads the others at its own leading indices, and along a row in order."""
    stage = stages.definitions[block]
    along = [*stage.axes, *stage.reduce_axes]
    return all(
        all(index is axis for index, axis in zip(load.indices, along, strict=False))
        for other in stages.producers(block)
        for load in stages.loads(block, other)
    )


@dataclass(frozen=True)
class RowsPart:
    """The template of rows, for an expression whose last block is `block`."""

    template: RowsTemplate
    outputs: tuple[Tensor, ...]
    block: str

    @property
    def word(self) -> str:
        """`rows(Y)`."""
        return f"rows({self.block})"

    def knobs(self) -> Sequence[Knob]:
        """Those of the template."""
        return self.template.knobs(self.outputs)

    def default(self) -> dict[str, Option]:
        """That of the template."""
        return self.template.default(self.outputs)

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """The template's steps."""
        self.template.apply(schedule, config)
