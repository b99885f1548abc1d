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
from tvmlab.schedule.open_step import filled, holes_of, plain
from tvmlab.te import Tensor


@dataclass(frozen=True)
class HoleTemplate(ScheduleTemplate):
    """The steps of a schedule, some of them with holes, for the expression they were made for.

    Attributes:
        steps: the schedule's steps; holes that are frozen there are plain arguments here.
    """

    kind = "holes"
    steps: tuple[Step, ...] = ()

    @classmethod
    def from_json(cls, steps: Iterable[Mapping[str, Any]]) -> HoleTemplate:
        """The template of steps as `Step.to_json` writes them.

        Raises:
            TraceError: the data are no steps.
            UsageError: none of them has a hole that is not frozen.
        """
        given = [step_from_json(dict(step)) for step in steps]
        known = holes_of(given)
        frozen = {name for name, hole in known.items() if hole.is_frozen}
        if frozen == known.keys():
            what = (
                f"open one with unfreeze({next(iter(known))!r})"
                if frozen
                else "put t.hole(name, [...]) where an argument of a step is to be searched"
            )
            raise UsageError(f"the schedule leaves nothing open to tune; {what}.")
        return cls(steps=tuple(plain(step, frozen) for step in given))

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
        schedule.apply_all([plain(filled(step, config)) for step in self.steps])


def _knob(hole: Hole) -> Knob:
    if not isinstance(hole, PerfectTile):
        return ChoiceKnob(hole.name, hole.options)
    most = hole.max_innermost
    return SplitKnob(hole.name, hole.extent, hole.parts, keep=lambda t: t[-1] <= most)
