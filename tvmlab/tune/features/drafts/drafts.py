"""The configurations of a space as drafts, which share what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.schedule import Schedule
from tvmlab.schedule.state import State
from tvmlab.tune.features.drafts.draft import Draft
from tvmlab.tune.features.drafts.ground import Ground
from tvmlab.tune.features.drafts.scaffold import NotDrafted
from tvmlab.tune.features.statement import Reading, read
from tvmlab.tune.space import Plan

MADE_BY_ILLEGAL_STEPS = (AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""Errors that a step raises where it does not ask whether it is legal; asked, it says why not."""


class Drafts:
    """What features need to know of each configuration that `plan` schedules."""

    def __init__(self, plan: Plan, ground: Ground) -> None:
        self._plan = plan
        self._ground = ground

    @classmethod
    def of(cls, plan: Plan) -> Drafts | None:
        """The drafts of a plan; None where only a call tells the extents of loops."""
        try:
            return cls(plan, Ground(plan.outputs))
        except NotDrafted:
            return None

    def reading(self, config: Mapping[str, Any]) -> Reading:
        """Of one configuration.

        Raises:
            ScheduleError: a step makes no sense where it stands. Else whether it is legal is not
                asked.
        """
        if self._ground.is_full:
            self._ground = Ground(self._plan.outputs)
        draft = Draft(self._ground)
        try:
            self._plan.apply(draft, config)
            return draft.reading()
        except MADE_BY_ILLEGAL_STEPS:
            schedule = Schedule(State.start(self._plan.outputs))
            self._plan.apply(schedule, config)
            return read(schedule.mod)
