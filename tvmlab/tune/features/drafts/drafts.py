"""The configurations of a space as drafts, which share what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.tune.features.drafts.draft import Draft
from tvmlab.tune.features.drafts.ground import Ground
from tvmlab.tune.features.drafts.scaffold import NotDrafted
from tvmlab.tune.features.statement import Reading
from tvmlab.tune.space import Plan


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
            ScheduleError: a step that needs a program is illegal; of others it is not asked.
        """
        if self._ground.is_full:
            self._ground = Ground(self._plan.outputs)
        draft = Draft(self._ground)
        self._plan.apply(draft, config)
        return draft.reading()
