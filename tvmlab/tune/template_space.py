"""The space that a template opens for given outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.schedule import create_schedule
from tvmlab.te import Tensor
from tvmlab.tune.space import Space


def template_space(template: ScheduleTemplate, outputs: Sequence[Tensor]) -> Space:
    """Every configuration of `template`'s knobs for `outputs`, with the steps each stands for."""

    def realise(config: Mapping[str, Any]) -> list[dict[str, Any]]:
        # A schedule of its own each time: states remember those that follow them, and the shared
        # first state would hold on to every candidate ever tried.
        schedule = create_schedule(outputs)
        template.apply(schedule, config)
        return [step.to_json() for step in schedule.trace.steps]

    return Space(template.knobs(outputs), realise)
