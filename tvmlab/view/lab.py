"""The one door between the engine and any screen: snapshots out, intents in.

`snapshot()` is everything there is to show, as plain data. `do(intent)` carries out one request
and answers with the new snapshot, or with a tagged refusal; it does not raise for a user's
mistake. Both may be called from any thread. Intents in `SLOW` take as long as compilers and clocks
do; they hold no lock meanwhile, so the others stay quick.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tvmlab.errors import ScheduleError, TvmlabError, UsageError
from tvmlab.schedule import Schedule, State, replay_python
from tvmlab.te import Tensor
from tvmlab.view import pictures
from tvmlab.view.arguments import as_count, as_position, as_ref, as_text, as_values
from tvmlab.view.autosave import Autosave
from tvmlab.view.code import Code
from tvmlab.view.documents import read_trace
from tvmlab.view.engine import Engine, LinkedLines, TuningRun
from tvmlab.view.holes import decided
from tvmlab.view.measurements import Measurements
from tvmlab.view.moves import effect_words, find_loop, refusal_view, requested_step
from tvmlab.view.program import ProgramLines, first_new_loop
from tvmlab.view.schema import CodeLoop, LoopRef, PreviewView, RefusalView, Refused, Snapshot
from tvmlab.view.timeline import LaterStepRefused, Timeline, replayed
from tvmlab.view.tuning import Tuning

Intent = Mapping[str, Any]
Workload = Tensor | Sequence[Tensor] | Schedule | State

Listener = Callable[[str], None]

SLOW = frozenset({"measure", "code"})
"""Intents that take long and hold no lock: a screen hands them to a thread of their own."""


class LabView:
    """A lab over one workload.

    Args:
        value: a tensor, several, a schedule or a state.
        engine: makes code, times and tuning runs.
        trace: a trace to begin with, as JSON or Python text; by default the one saved last.
        restore: whether the steps saved last for the same expression are taken up again.
        folder: where the trace is saved; by default `.tvmlab` in the working directory.
    """

    def __init__(
        self,
        value: Workload,
        engine: Engine,
        trace: str | None = None,
        restore: bool = True,
        folder: Path | None = None,
    ) -> None:
        self._start = _start_state(value)
        self._engine = engine
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._seq = 0
        self._work = engine.work(self._start)
        self._printed = ProgramLines()
        self._timeline = Timeline(self._start)
        self._selection: LoopRef | None = None
        self._preview: PreviewView | None = None
        self._refusal: tuple[str, RefusalView, int] | None = None
        self._notice = ""
        self._code = Code(engine.code_kinds())
        self._measurements = Measurements(self._work)
        self._tuning = Tuning(self._work, engine.why_no_tuner(self._start))
        self._moves = pictures.MovesPicture()
        self._autosave = Autosave(self._start, folder)
        if trace is not None:
            self._timeline.take(read_trace(self._start.first, trace))
        elif restore:
            self._restore()

    # ---- what a screen needs

    def snapshot(self) -> Snapshot:
        """Everything there is to show now."""
        with self._lock:
            state, refusal = self.state, self._refusal
            place, words, line = refusal if refusal is not None else ("", None, -1)
            printed = self._printed.of(state)
            return {
                "kind": "snapshot",
                "seq": self._seq,
                "name": state.program.name,
                "program": pictures.program_view(
                    state, printed, self._work, self._selection, self._notice
                ),
                "moves": self._moves.view(
                    state, self._selection, self._preview, words if place == "moves" else None
                ),
                "trace": pictures.trace_view(
                    self._timeline, words if place == "trace" else None, line
                ),
                "code": self._code.view(state),
                "measure": self._measurements.view(state),
                "tuner": self._tuning.view(words if place == "tuner" else None),
            }

    def do(self, intent: Intent) -> Snapshot | Refused:
        """Carry out `intent`: the new snapshot, or why nothing changed."""
        name = str(intent.get("intent", ""))
        place, handler = HANDLERS.get(name, ("trace", None))
        place = str(intent.get("place", place))
        try:
            if handler is None:
                raise UsageError(
                    f"the intent {name!r} is not known; use one of {', '.join(HANDLERS)}."
                )
            if name in SLOW:
                handler(self, intent)
            else:
                with self._lock:
                    self._refusal = None
                    handler(self, intent)
        except TvmlabError as error:
            refused = self._refuse(place, name, intent, error)
            self.changed()
            return refused
        self.changed()
        return self.snapshot()

    def points(self, start: int) -> tuple[int, list[Any]]:
        """The tuning run's number, and its trials from position `start` on as points."""
        with self._lock:
            return self._tuning.run_number, list(self._tuning.points(start))

    def listen(self, listener: Listener) -> None:
        """Call `listener` after every change, from whichever thread made it.

        It is given "tuning" where only the tuning run moved on, which may be very often, and
        "view" otherwise.
        """
        self._listeners.append(listener)

    def attach(self, begin: Callable[[Callable[[], None]], TuningRun]) -> None:
        """Show a run begun elsewhere: `begin` makes it of what it calls when it moved on."""
        self._tuning.begin(begin(self._tuning_moved))

    def changed(self, what: str = "view") -> None:
        """Count a change and tell the listeners."""
        with self._lock:
            self._seq += 1
        for listener in self._listeners:
            listener(what)

    def _tuning_moved(self) -> None:
        self.changed("tuning")

    @property
    def state(self) -> State:
        """The state shown."""
        return self._timeline.state

    def close(self) -> None:
        """End what goes on in the background."""
        if self._tuning.run is not None and self._tuning.is_on:
            self._tuning.run.stop()

    # ---- moving between states

    def _show(self, state: State | None = None) -> None:
        """Go to `state`, if given, and bring everything that hangs on the state up to date."""
        if state is not None:
            self._timeline.take(state)
        self._notice = ""
        self._preview = None
        if self._selection is not None and find_loop(self.state, self._selection) is None:
            self._selection = first_new_loop(self._printed.of(self.state))
        self._autosave.save(self.state)

    def _restore(self) -> None:
        steps = self._autosave.load()
        try:
            state = replayed(self._start, steps)
        except TvmlabError:
            return  # saved by a version that allowed more; the file is left as it is
        if state is not self._start:
            self._timeline.take(state)
            self._notice = (
                f"Restored {len(steps)} step{'s' * (len(steps) > 1)} of the last session."
            )

    def _refuse(self, place: str, name: str, intent: Intent, error: TvmlabError) -> Refused:
        if isinstance(error, ScheduleError):
            view = refusal_view(error.refusal)
        else:
            asked = str(intent.get("line", intent.get("step", name)))
            why, _, instead = str(error).partition("; ")
            view = {"asked": asked, "where": place, "why": why, "instead": instead}
        line = -1
        if isinstance(error, LaterStepRefused):
            line = error.number - 1
        elif name == "edit" and isinstance(intent.get("index"), int):
            line = intent["index"]
        with self._lock:
            self._refusal = (place, view, line)
        return {**view, "kind": "refusal", "place": place}

    # ---- intents: the program and its steps

    def _select(self, intent: Intent) -> None:
        wanted = as_ref(intent)
        if find_loop(self.state, wanted) is None:
            raise UsageError(
                f"there is no loop {wanted['loop']!r} around block {wanted['block']!r} now; "
                "select one of the program's loops."
            )
        self._selection, self._preview = wanted, None

    def _preview_step(self, intent: Intent) -> None:
        """Show what a filled-in form would do; a refusal is part of the answer."""
        token, name = as_position(intent, "token"), as_text(intent, "step")
        line, effect, refusal = f"{name}(…)", "", None
        try:
            step = requested_step(name, self._selected(), as_values(intent))
            line = str(step)
            after = self.state.apply(step)
            line, effect = after.line, effect_words(self.state, after)
        except ScheduleError as error:
            refusal = refusal_view(error.refusal)
        self._preview = {
            "token": token,
            "step": name,
            "line": line,
            "effect": effect,
            "refusal": refusal,
        }

    def _apply(self, intent: Intent) -> None:
        if "line" in intent:
            state = replay_python(self.state, as_text(intent, "line"))
        else:
            name = as_text(intent, "step")
            step = requested_step(name, self._selected(), as_values(intent))
            state = self.state.apply(step)
        if state is not self.state:
            self._show(state)

    def _selected(self) -> LoopRef:
        if self._selection is None:
            raise UsageError("no loop is selected; click one in the program first.")
        return self._selection

    def _edit(self, intent: Intent) -> None:
        index = as_position(intent, "index")
        if index >= len(self._timeline.states) - 1:
            raise UsageError(f"the schedule has no line {index + 1}; edit one that it has.")
        self._show(self._timeline.edited(index, as_text(intent, "line")))

    def _decide(self, intent: Intent) -> None:
        position = self._timeline.position
        self._timeline.take(decided(self._timeline, intent))
        self._timeline.go_to(position)
        self._show()

    def _undo(self, intent: Intent) -> None:
        if self._timeline.go_to(self._timeline.position - 1):
            self._show()

    def _redo(self, intent: Intent) -> None:
        if self._timeline.go_to(self._timeline.position + 1):
            self._show()

    def _go_to(self, intent: Intent) -> None:
        position = as_position(intent, "position")
        if not self._timeline.go_to(position):
            raise UsageError(
                f"there is no state after {position} steps; the schedule has "
                f"{len(self._timeline.states) - 1}."
            )
        self._show()

    def _start_over(self, intent: Intent) -> None:
        self._selection = None
        self._show(self._start)

    def _load_trace(self, intent: Intent) -> None:
        self._show(read_trace(self._start.first, as_text(intent, "text")))

    def _dismiss(self, intent: Intent) -> None:
        """Only takes the refusal away, as every intent does."""

    # ---- intents: code, measurements, tuning

    def _make_code(self, intent: Intent) -> None:
        with self._lock:
            kind, state = as_text(intent, "kind"), self.state
            if not self._code.knows(kind):
                raise UsageError(f"the target has no code of kind {kind!r}.")
            ticket = self._code.begin(kind)
        self.changed()
        lines: LinkedLines = ()
        loops: Sequence[CodeLoop] = ()
        reason = ""
        try:
            lines = self._engine.code(state, kind)
            loops = self._engine.code_loops(state, lines) if kind == "asm" else ()
        except TvmlabError as error:
            reason = str(error)
        with self._lock:
            self._code.settle(ticket, state, lines, reason, loops)

    def _measure(self, intent: Intent) -> None:
        with self._lock:
            if self._measurements.is_working:
                return
            self._measurements.begin()
            state = self.state
        self.changed()
        try:
            outcome = self._engine.measure(state, self._reach)
            peaks = self._engine.peaks(state) if outcome.is_ok else None
        except TvmlabError as error:
            with self._lock:
                self._measurements.fail(str(error))
        else:
            with self._lock:
                self._measurements.settle(state, outcome, peaks)

    def _reach(self, stage: str) -> None:
        with self._lock:
            self._measurements.reach(stage)
        self.changed()

    def _open_result(self, intent: Intent) -> None:
        number = as_position(intent, "number")
        result = self._measurements.find(number)
        if result is None:
            raise UsageError(f"there is no measurement {number}; open one of those listed.")
        self._show(result.state)

    def _tune_start(self, intent: Intent) -> None:
        if self._tuning.why_not:
            raise UsageError(self._tuning.why_not)
        if self._tuning.is_on:
            raise UsageError("a tuning run is on already; stop it before starting another.")
        trials = as_count(intent, "trials")
        self._tuning.begin(self._engine.tune(self.state, trials, self._tuning_moved))

    def _tune_pause(self, intent: Intent) -> None:
        if self._tuning.run is not None:
            self._tuning.run.pause()

    def _tune_resume(self, intent: Intent) -> None:
        if self._tuning.run is not None:
            self._tuning.run.resume()

    def _tune_stop(self, intent: Intent) -> None:
        if self._tuning.run is not None:
            self._tuning.run.stop()

    def _open_candidate(self, intent: Intent) -> None:
        if self._tuning.run is None:
            raise UsageError("there is no tuning run to open a trial of; start one first.")
        number = as_position(intent, "number")
        self._show(replayed(self._start.first, self._tuning.run.steps(number)))
        self._notice = f"This is trial {number} of the tuning run."


Handler = Callable[[LabView, Intent], None]

HANDLERS: dict[str, tuple[str, Handler]] = {
    # intent -> the pane that shows its refusals, and the method that carries it out
    "select": ("moves", LabView._select),
    "preview": ("moves", LabView._preview_step),
    "apply": ("moves", LabView._apply),
    "edit": ("trace", LabView._edit),
    "decide": ("trace", LabView._decide),
    "undo": ("trace", LabView._undo),
    "redo": ("trace", LabView._redo),
    "go_to": ("trace", LabView._go_to),
    "start_over": ("trace", LabView._start_over),
    "load_trace": ("trace", LabView._load_trace),
    "dismiss": ("trace", LabView._dismiss),
    "code": ("code", LabView._make_code),
    "measure": ("measure", LabView._measure),
    "open_result": ("measure", LabView._open_result),
    "tune_start": ("tuner", LabView._tune_start),
    "tune_pause": ("tuner", LabView._tune_pause),
    "tune_resume": ("tuner", LabView._tune_resume),
    "tune_stop": ("tuner", LabView._tune_stop),
    "open_candidate": ("tuner", LabView._open_candidate),
}


def _start_state(value: Workload) -> State:
    if isinstance(value, State):
        return value
    return value.state if isinstance(value, Schedule) else State.start(value)
