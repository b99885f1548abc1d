"""The space that a template opens for given outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.ops.hole_template import HoleTemplate
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.te import Tensor
from tvmlab.tune.space import OpenSchedule, Plan, Space


def template_space(template: ScheduleTemplate, outputs: Sequence[Tensor]) -> Space:
    """Every configuration of `template`'s knobs for `outputs`, with the steps each stands for."""

    def scheduled(config: Mapping[str, Any]) -> Schedule:
        # A schedule of its own each time: states remember those that follow them, and the shared
        # first state would hold on to every candidate ever tried.
        schedule = create_schedule(outputs)
        template.apply(schedule, config)
        return schedule

    def realise(config: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [step.to_json() for step in scheduled(config).trace.steps]

    holes = (
        OpenSchedule(tuple(outputs), template.steps) if isinstance(template, HoleTemplate) else None
    )
    return Space(
        template.knobs(outputs),
        realise,
        lambda config: scheduled(config).state.program,
        holes,
        Plan(tuple(outputs), template.apply),
    )
