"""The moves at the selected loop: listed, tried as a preview, taken."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import ScheduleError
from tvmlab.schedule import State, replay_python
from tvmlab.view.arguments import as_position, as_text, as_values
from tvmlab.view.desk import Desk
from tvmlab.view.moves import (
    effect_words,
    find_loop,
    loop_facts,
    refusal_view,
    requested_step,
    steps_at,
)
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import LoopRef, MovesView, PreviewView, StepView


class MovesPart(Part):
    """Shows a `MovesView`; listing the moves asks every primitive, so the last list is kept."""

    name = "moves"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listed: tuple[State, LoopRef] | None = None
        self._steps: list[StepView] = []
        self._preview: tuple[int, PreviewView] | None = None

    def view(self) -> MovesView:
        """What can be done at the selection."""
        state, at = self.desk.state, self.desk.selection
        loop = find_loop(state, at) if at is not None else None
        preview = self._preview
        is_fresh = preview is not None and preview[0] == self.desk.version
        return {
            "target": at if loop is not None else None,
            "target_facts": loop_facts(loop) if loop is not None else "",
            "steps": self._list(state, at) if at is not None and loop is not None else [],
            "preview": preview[1] if preview is not None and is_fresh else None,
            "refusal": self.desk.refusal("moves"),
        }

    def intents(self) -> Mapping[str, Handler]:
        """Trying and taking a step; taking a refusal away."""
        return {"preview": self._try, "apply": self._apply, "dismiss": self._dismiss}

    def _list(self, state: State, at: LoopRef) -> list[StepView]:
        if self._listed != (state, at):
            self._steps, self._listed = steps_at(state, at), (state, at)
        return self._steps

    def _try(self, intent: Intent) -> None:
        """Show what a filled-in form would do; a refusal is part of the answer."""
        token, name = as_position(intent, "token"), as_text(intent, "step")
        line, effect, refusal = f"{name}(…)", "", None
        try:
            step = requested_step(name, self.desk.selected(), as_values(intent))
            line = str(step)
            after = self.desk.state.apply(step)
            line, effect = after.line, effect_words(self.desk.state, after)
        except ScheduleError as error:
            refusal = refusal_view(error.refusal)
        answer: PreviewView = {
            "token": token,
            "step": name,
            "line": line,
            "effect": effect,
            "refusal": refusal,
        }
        self._preview = (self.desk.version, answer)

    def _apply(self, intent: Intent) -> None:
        desk = self.desk
        if "line" in intent:
            state = replay_python(desk.state, as_text(intent, "line"))
        else:
            name = as_text(intent, "step")
            state = desk.state.apply(requested_step(name, desk.selected(), as_values(intent)))
        if state is not desk.state:
            desk.show(state)

    def _dismiss(self, intent: Intent) -> None:
        """Only takes the refusal away, as every intent does."""
