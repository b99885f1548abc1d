"""A stage by itself, or within the shares of the one that reads it: where no other rule decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.stage_plan import StagePlan
from tvmlab.schedule import Schedule
from tvmlab.te.graph import is_constant
from tvmlab.tune.sketches.partial import Partial, Places
from tvmlab.tune.sketches.tiling import Tiling


class Alone:
    """Schedule a stage as the generic template does: vectors, rows that save loads, long folds in
    partial results, threads outermost."""

    name = "alone"

    def applies(self, partial: Partial, block: str) -> bool:
        """Always."""
        return True

    def apply(self, partial: Partial, block: str) -> list[Partial]:
        """By itself; a map with one reader may be computed there, unless it is made once."""
        readers = partial.stages.readers(block)
        is_last = not readers
        reader = readers[0] if len(readers) == 1 and partial.stages.is_map(block) else None
        is_output = block in partial.stages.outputs
        is_once = is_constant(partial.stages.tensors[block])
        if is_output or is_once or (reader and _is_copied(partial, block, reader)):
            reader = None
        plan = StagePlan(
            partial.stage(block),
            block,
            partial.vectors,
            is_last=is_last,
            may_follow=reader is not None,
        )
        return [partial.decide(AlonePart(plan, reader), block)]


def _is_copied(partial: Partial, block: str, reader: str) -> bool:
    """Whether the reader takes what `block` computes from a copy, which is made before."""
    if reader not in partial.packed:
        return False
    packs = Tiling(partial.stage(reader), reader, partial.vectors, packed=True).packs
    return block in [operand for operand, _ in packs.values()]


@dataclass(frozen=True)
class AlonePart:
    """A stage's plan, and the block that it may be computed in."""

    plan: StagePlan
    reader: str | None

    @property
    def word(self) -> str:
        """Nothing: it is what is left."""
        return ""

    def knobs(self) -> Sequence[Knob]:
        """Those of the plan."""
        return self.plan.knobs()

    def default(self) -> dict[str, Option]:
        """That of the plan."""
        return self.plan.default()

    def apply(self, schedule: Schedule, config: Mapping[str, Any], places: Places) -> None:
        """The plan's steps; a place for what the stage reads, if it has loops that are shared."""
        plan, start = self.plan, f"{self.plan.block}."
        chosen = {n.removeprefix(start): o for n, o in config.items() if n.startswith(start)}
        if "partial" in chosen:
            plan.fold_in_parts(schedule, chosen)
        elif chosen.get("inside") and self.reader in places:
            plan.nest_inside(schedule, chosen, str(self.reader), places[str(self.reader)])
        elif plan.stage.axes:
            loop = plan.nest_alone(schedule, chosen)
            if loop is not None:
                places[plan.block] = loop
