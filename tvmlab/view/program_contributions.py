"""What a cost model makes of the loops of the program shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.errors import TvmlabError
from tvmlab.schedule import State
from tvmlab.tune.contributions import Contributions, features_of
from tvmlab.view.contributions import NOTHING, contributions_view, loop_marks
from tvmlab.view.desk import Desk
from tvmlab.view.engine import ShownRun
from tvmlab.view.latest import Latest
from tvmlab.view.schema import ContributionsView, OverlayMark

FEW = 8
"""Trials of an earlier run below which no model is fitted to it."""


class ProgramContributions:
    """The features of the state shown, with what each adds where a model learnt of this expression.

    The model learns from the current tuning run, or from the latest that this folder keeps.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._latest = Latest()
        self._of: tuple[State, object] | None = None
        self._found: ContributionsView = NOTHING
        self._marks: list[OverlayMark] = []
        self._earlier: ShownRun | None = None
        self._has_looked = False

    def view(self) -> ContributionsView:
        """What was found last."""
        _, far = self._desk.tuning.learner
        is_stale = self._of is not None and self._of != (self._desk.state, far)
        status = self._latest.status(self._found["reason"], self._of is not None)
        return {**self._found, "status": status, "is_stale": is_stale}  # type: ignore[typeddict-item]

    def marks(self) -> list[OverlayMark]:
        """The figures beside the loops; none while they are of another program."""
        return self._marks if self._of is not None and self._of[0] is self._desk.state else []

    def find(self, intent: Mapping[str, Any]) -> None:
        """Ask the model, which takes seconds the first time; without the desk's lock."""
        desk = self._desk
        with desk.lock:
            ticket, state = self._latest.ask(), desk.state
            lines = desk.printed.of(state).lines
            run, far = desk.tuning.learner
        desk.changed()
        marks: list[OverlayMark] = []
        try:
            found, run = self._asked(state, run)
            view = contributions_view(found, run.facts if run is not None else None)
            marks = loop_marks(found, lines)
        except TvmlabError as error:
            view = {**NOTHING, "reason": str(error)}
        with desk.lock:
            if self._latest.settle(ticket):
                self._of, self._found, self._marks = (state, far), view, marks

    def _asked(
        self, state: State, current: ShownRun | None
    ) -> tuple[Contributions, ShownRun | None]:
        """What a run's model says and which run that is; features alone where there is none yet."""
        for run in (current, self._kept()):
            if run is None:
                continue
            try:
                return run.contributions(state.program), run
            except TvmlabError:
                continue
        return features_of(state.program), None

    def _kept(self) -> ShownRun | None:
        """The latest earlier run of this expression, looked for once."""
        if not self._has_looked:
            self._has_looked = True
            engine, start = self._desk.engine, self._desk.start.first
            kept = [r for r in engine.recorded_runs(start, "") if r.is_of_this and r.trials >= FEW]
            self._earlier = kept[-1].open() if kept else None
        return self._earlier
