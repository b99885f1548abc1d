"""The configurations of a space as drafts, which share what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.ir.expr import Var
from tvmlab.ir.program import Program
from tvmlab.schedule.state import State
from tvmlab.te.graph import block_names
from tvmlab.tune.features.drafts.draft import Draft
from tvmlab.tune.features.drafts.scaffold import Scaffold
from tvmlab.tune.features.statement import Reading
from tvmlab.tune.space import Plan

REMEMBERED = 1 << 10
"""Programs whose scaffolds, and whose states, are kept: those that layouts and partial results
make, which many configurations have in common."""


class Drafts:
    """What features need to know of each configuration that `plan` schedules."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names = block_names(plan.outputs)
        self._forget()

    def _forget(self) -> None:
        self._first = State.start(self._plan.outputs)
        self._scaffolds: dict[int, tuple[Program, Scaffold]] = {}
        self._met: dict[Var, DraftLoop] = {}

    def reading(self, config: Mapping[str, Any]) -> Reading:
        """Of one configuration.

        Raises:
            ScheduleError: a step that needs a program is illegal; of others it is not asked.
        """
        if len(self._scaffolds) > REMEMBERED:
            self._forget()
        draft = Draft(self._first, self._scaffold_of, self._names)
        self._plan.apply(draft, config)
        return draft.reading()

    def _scaffold_of(self, program: Program) -> Scaffold:
        known = self._scaffolds.get(id(program))
        if known is None:
            known = self._scaffolds[id(program)] = (program, Scaffold.of(program, self._met))
        return known[1]
