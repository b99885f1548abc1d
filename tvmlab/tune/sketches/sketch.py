"""The structures that rules derive for an expression, each a template of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.tune.sketches.partial import Part, Partial, Places
from tvmlab.tune.sketches.rule import Rule


@dataclass(frozen=True)
class Sketch(ScheduleTemplate):
    """One structure of a schedule, for the expression it was derived from.

    Attributes:
        inlined: the blocks written out where they are read.
        parts: how the others are scheduled, readers before what they read.
    """

    kind = "sketch"
    inlined: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def title(self) -> str:
        """What rules decided, such as `inline(P) tile(C, packed)`."""
        words = [f"inline({block})" for block in self.inlined]
        words += [part.word for part in self.parts if part.word]
        return " ".join(words) or "stage by stage"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Those of the parts."""
        return tuple(knob for part in self.parts for knob in part.knobs())

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Those of the parts."""
        config: dict[str, Option] = {}
        for part in self.parts:
            config |= part.default()
        return config

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Inline, then part by part."""
        for block in self.inlined:
            schedule[block].compute_inline()
        places: Places = {}
        for part in self.parts:
            part.apply(schedule, config, places)


def derive(partial: Partial, phases: Sequence[Sequence[Rule]], most: int) -> list[Sketch]:
    """The sketches that rules make of `partial`, `most` at most.

    Args:
        phases: rules; those of the first are asked about every block before those of the next.
    """
    partials = [partial]
    for rules in phases:
        for block in partial.waiting:
            for rule in rules:
                partials = [made for one in partials for made in _asked(rule, one, block)][:most]
    return [Sketch(one.vectors, one.inlined, one.parts) for one in partials]


def _asked(rule: Rule, partial: Partial, block: str) -> list[Partial]:
    """What the rule makes of a partial sketch; itself where the rule says nothing."""
    if block not in partial.waiting or not rule.applies(partial, block):
        return [partial]
    return rule.apply(partial, block)
