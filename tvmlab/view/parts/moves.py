"""The moves at the selected loop: listed, told and measured, tried as a preview, taken."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from tvmlab.errors import ScheduleError, TvmlabError
from tvmlab.measure.outcome import Outcome
from tvmlab.schedule import State, replay_python
from tvmlab.schedule.find import sites
from tvmlab.schedule.nest_goal import nest_steps
from tvmlab.view.arguments import as_lines, as_position, as_text, as_values
from tvmlab.view.column import EACH, Column, prediction, timed
from tvmlab.view.desk import Desk
from tvmlab.view.going import Going
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

REFRESH_S = 0.1
"""Seconds after which what is told so far is shown."""

ANEW = 8
"""Moves after which the state shown is measured again: a machine's pace changes."""


class MovesPart(Part):
    """Shows a `MovesView`; listing the moves asks every primitive, so the last list is kept."""

    name = "moves"
    slow = frozenset({"predict", "measure_moves"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listed: tuple[State, LoopRef, str] | None = None
        self._steps: list[StepView] = []
        self._preview: tuple[int, PreviewView] | None = None
        self._column = Column()
        self._going = Going(desk)
        self._telling = -1

    def view(self) -> MovesView:
        """What can be done at the selection."""
        state, at = self.desk.state, self.desk.selection
        loop = find_loop(state, at) if at is not None else None
        preview = self._preview
        is_fresh = preview is not None and preview[0] == self.desk.version
        steps = self._list(state, at) if at is not None and loop is not None else []
        self._column.stage = self._going.stage
        lines = self._lines(state, at) if steps and at is not None else []
        is_telling = self._telling == self.desk.version
        return {
            "target": at if loop is not None else None,
            "target_facts": loop_facts(loop) if loop is not None else "",
            "steps": steps,
            "column": self._column.view(state, lines, is_telling),
            "preview": preview[1] if preview is not None and is_fresh else None,
            "refusal": self.desk.refusal("moves"),
        }

    def intents(self) -> Mapping[str, Handler]:
        """Telling and measuring what steps would do; trying and taking one; taking a refusal
        away."""
        return {
            "preview": self._try,
            "apply": self._apply,
            "dismiss": self._dismiss,
            "predict": self._predict,
            "measure_moves": self._measure,
            "stop_moves": self._stop,
        }

    def forget_told(self) -> None:
        """Nothing is told or measured of any move."""
        self._going.cancel()
        self._column = Column()

    def close(self) -> None:
        """End what goes on."""
        self._going.cancel()

    def _list(self, state: State, at: LoopRef) -> list[StepView]:
        target = self.desk.engine.target
        if self._listed != (state, at, target):
            self._steps, self._listed = steps_at(state, at, target), (state, at, target)
        return self._steps

    def _predict(self, intent: Intent) -> None:
        """Tell what each move listed would do, until something else is looked at."""
        desk = self.desk
        with desk.lock:
            state, at, version = desk.state, desk.selection, desk.version
            if at is None or self._telling == version:
                return
            self._telling = version
            told = self._column.of(state).told
            lines = [line for line in self._lines(state, at) if line not in told]
        try:
            self._tell(state, lines, version)
        finally:
            with desk.lock:
                if self._telling == version:
                    self._telling = -1

    def _tell(self, state: State, lines: Sequence[str], version: int) -> None:
        """Tell what each of `lines` would do, as long as the desk is at `version`."""
        desk, known = self.desk, self._column.of(state)
        self._column.reason = ""
        try:
            known.now = known.now or desk.engine.estimate(state)
        except TvmlabError as error:
            # A program that is bound to no axis of a GPU: what a move makes of it may be told.
            self._column.reason = str(error)
        shown = time.monotonic()
        for line in lines:
            if desk.version != version:
                return  # whoever looks elsewhere asks anew
            try:
                told = prediction(desk.engine.estimate(replay_python(state, line)), known.now)
            except TvmlabError:
                told = None
            with desk.lock:
                known.told[line] = told
            if time.monotonic() - shown > REFRESH_S:
                desk.changed()
                shown = time.monotonic()

    def _lines(self, state: State, at: LoopRef) -> list[str]:
        """The moves listed."""
        return [move["line"] for step in self._list(state, at) for move in step["moves"]]

    def _measure(self, intent: Intent) -> None:
        """Measure moves one after another, against the state shown, until something else is looked
        at."""
        desk = self.desk
        lines = as_lines(intent, "lines")
        with self._going.begin("moves") as is_free:
            if not is_free:
                return
            with desk.lock:
                state, at, version = desk.state, desk.selected(), desk.version
                listed = self._lines(state, at)
            wanted = [line for line in lines if line in listed]

            def is_over() -> bool:
                return self._going.is_cancelled() or desk.version != version

            before: Outcome | None = None
            for number, line in enumerate(wanted):
                if number % ANEW == 0:
                    self._going.reach("The state shown, to compare with…")
                    before = desk.engine.measure(state, lambda stage: None, EACH, is_over)
                self._going.reach(f"{number + 1} of {len(wanted)}: {line}")
                after = replay_python(state, line)
                outcome = desk.engine.measure(after, lambda stage: None, EACH, is_over)
                if before is None or outcome is None:
                    return
                with desk.lock:
                    self._column.of(state).timed[line] = timed(outcome, before)
                    if outcome.median_s is not None:
                        desk.times[after] = outcome.median_s

    def _stop(self, intent: Intent) -> None:
        self._going.cancel()

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
            line = as_text(intent, "line")
            is_nest = line.lstrip().startswith("for ")
            state = self._nested(line) if is_nest else replay_python(desk.state, line)
        else:
            name = as_text(intent, "step")
            state = desk.state.apply(requested_step(name, desk.selected(), as_values(intent)))
        if state is not desk.state:
            desk.show(state)

    def _nested(self, text: str) -> State:
        """The state in which the selected block, or else the last one, has the loops of `text`; see
        `tvmlab.schedule.nest_goal`."""
        state, at = self.desk.state, self.desk.selection
        block = at["block"] if at is not None else sites(state.program)[-1].block.name
        for step in nest_steps(state.program, block, text)[0]:
            state = state.apply(step)
        return state

    def _dismiss(self, intent: Intent) -> None:
        """Only takes the refusal away, as every intent does."""
