"""The template that a schedule with holes is: its holes are the knobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option, SplitKnob
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import Schedule, Step, step_from_json
from tvmlab.schedule.hole import Hole, PerfectTile
from tvmlab.schedule.open_step import filled, frozen, holes_of
from tvmlab.te import Tensor


@dataclass(frozen=True)
class HoleTemplate(ScheduleTemplate):
    """The steps of a schedule, some of them with holes, for the expression they were made for.

    Attributes:
        steps: the schedule's steps.
    """

    kind = "holes"
    steps: tuple[Step, ...] = ()

    @classmethod
    def from_json(cls, steps: Iterable[Mapping[str, Any]]) -> HoleTemplate:
        """The template of steps as `Step.to_json` writes them.

        Raises:
            TraceError: the data are no steps.
            UsageError: none of them has a hole.
        """
        template = cls(steps=tuple(step_from_json(dict(step)) for step in steps))
        if not holes_of(template.steps):
            raise UsageError(
                "the schedule leaves nothing open to tune; put t.hole(name, [...]) where an "
                "argument of a step is to be searched."
            )
        return template

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """One knob for each hole, under its name."""
        return tuple(map(_knob, holes_of(self.steps).values()))

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """What the holes hold now."""
        held = {name: hole.value for name, hole in holes_of(self.steps).items()}
        return {name: value for name, value in held.items() if value is not None}

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Append the steps, as plain ones, with the options of `config`.

        Raises:
            ScheduleError: a step is illegal with these options; the schedule stays as it was.
        """
        plain = [frozen(filled(step, config), config.keys()) for step in self.steps]
        schedule.apply_all(plain)


def _knob(hole: Hole) -> Knob:
    if not isinstance(hole, PerfectTile):
        return ChoiceKnob(hole.name, hole.options)
    most = hole.max_innermost
    return SplitKnob(hole.name, hole.extent, hole.parts, keep=lambda t: t[-1] <= most)
