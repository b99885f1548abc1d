"""The one door between the engine and any screen: snapshots out, intents in.

`snapshot()` is everything there is to show, as plain data. `do(intent)` carries out one request
and answers with the new snapshot, or with a tagged refusal; it does not raise for a user's
mistake. Both may be called from any thread. What is shown and what can be asked is the sum of the
`parts`, one for each pane, around the `desk` they share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from tvmlab.errors import ScheduleError, TvmlabError, UsageError
from tvmlab.measure.figures import time_words
from tvmlab.schedule import Schedule, State
from tvmlab.te import Tensor
from tvmlab.view.desk import Desk, Listener, Refusing
from tvmlab.view.documents import read_trace
from tvmlab.view.engine import Engine, TuningRun
from tvmlab.view.moves import refusal_view
from tvmlab.view.parts import PARTS, Part, TunerPart
from tvmlab.view.parts.part import Handler, Intent
from tvmlab.view.program import FIRST_LINES, gone_views
from tvmlab.view.schema import LineView, PastView, Refused, Snapshot
from tvmlab.view.sections import Sections
from tvmlab.view.timeline import LaterStepRefused
from tvmlab.view.tuning_news import Message, Sent

Workload = Tensor | Sequence[Tensor] | Schedule | State

SLOW = {intent: part.name for part in PARTS for intent in part.slow}
"""The part of each intent that takes long and holds no lock: a screen hands those of a part to a
few threads of its own, so that no part waits for another, and none long for itself."""


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
        self._desk = Desk(_start_state(value), engine, folder)
        self.parts = [part(self._desk) for part in PARTS]
        self._tuner = next(part for part in self.parts if isinstance(part, TunerPart))
        self.handlers: dict[str, tuple[Part, Handler]] = {
            intent: (part, handler)
            for part in self.parts
            for intent, handler in part.intents().items()
        }
        if trace is not None:
            self._desk.timeline.take(read_trace(self._desk.start.first, trace))
        elif restore:
            self._desk.restore()

    def snapshot(self) -> Snapshot:
        """Everything there is to show now."""
        desk = self._desk
        with desk.lock:
            frame = {"kind": "snapshot", "seq": desk.seq, "name": desk.state.program.name}
            return cast(Snapshot, {**frame, **{part.name: part.view() for part in self.parts}})

    def sections(self) -> Sections:
        """What `snapshot` holds, each part worked out when it is asked for."""
        return Sections(self._desk.lock, {part.name: part.view for part in self.parts})

    def beginning(self) -> list[LineView]:
        """The program before the first step."""
        desk = self._desk
        with desk.lock:
            return desk.printed.of(desk.timeline.states[0]).views

    def past(self) -> list[PastView]:
        """The steps in force one by one, each with the program after it unless that is long."""
        desk = self._desk
        with desk.lock:
            views: list[PastView] = []
            for state in desk.timeline.states[1 : desk.timeline.position + 1]:
                printed, time_s = desk.printed.of(state), desk.times.get(state)
                is_long = len(printed.lines) > FIRST_LINES
                views.append(
                    {
                        "text": state.line,
                        "time": time_words(time_s) if time_s is not None else "",
                        "lines": [] if is_long else printed.views,
                        "new": [] if is_long else printed.new,
                        "gone": [] if is_long else gone_views(printed),
                    }
                )
            return views

    def do(self, intent: Intent) -> Snapshot | Refused:
        """Carry out `intent`: the new snapshot, or why nothing changed."""
        refused = self.carry_out(intent)
        self.save()
        return refused if refused is not None else self.snapshot()

    def carry_out(self, intent: Intent) -> Refused | None:
        """Carry out `intent` and tell the listeners; why nothing changed, if so.

        What is to outlive the lab is written by `save`, which is to be called after it.
        """
        name = str(intent.get("intent", ""))
        part, handler = self.handlers.get(name, (None, None))
        try:
            if part is None or handler is None:
                known = ", ".join(self.handlers)
                raise UsageError(f"the intent {name!r} is not known; use one of {known}.")
            if name in part.slow:
                handler(intent)
            else:
                with self._desk.lock:
                    self._desk.refusing = None
                    handler(intent)
                    self._desk.taken = str(intent.get("typed", self._desk.taken))
        except TvmlabError as error:
            place = str(
                intent.get("place", "trace" if part is None else part.refuses_in or part.name)
            )
            refused = self._refuse(place, name, intent, error)
            self.changed()
            return refused
        self.changed()
        return None

    def save(self) -> None:
        """Keep the schedule and its branches for the next session, if they are news."""
        self._desk.save()

    def tuning_news(self, sent: Sent) -> list[Message]:
        """What a screen that has `sent` of the tuning runs lacks; see `tvmlab.view.tuning_news`."""
        with self._desk.lock:
            return self._tuner.news(sent)

    def listen(self, listener: Listener) -> None:
        """Call `listener` after every change, from whichever thread made it.

        It is given "tuning" where only the tuning run moved on, which may be very often, and
        "view" otherwise.
        """
        self._desk.listen(listener)

    def attach(self, begin: Callable[[Callable[[], None]], TuningRun]) -> None:
        """Show a run begun elsewhere: `begin` makes it of what it calls when it moved on."""
        self._tuner.attach(begin)

    @property
    def run(self) -> TuningRun | None:
        """The run in front of the tuner's pane."""
        return self._tuner.run

    def changed(self, what: str = "view") -> None:
        """Count a change and tell the listeners."""
        self._desk.changed(what)

    def make_ready(self) -> None:
        """Do what the first step and the first measurement would wait for; to be called from a
        thread of its own."""
        self._desk.state.make_ready()
        self._desk.engine.make_ready()

    @property
    def state(self) -> State:
        """The state shown."""
        return self._desk.state

    def close(self) -> None:
        """End what goes on in the background."""
        for part in self.parts:
            part.close()

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
        with self._desk.lock:
            self._desk.refusing = Refusing(place, view, line)
        return {**view, "kind": "refusal", "place": place}


def _start_state(value: Workload) -> State:
    if isinstance(value, State):
        return value
    return value.state if isinstance(value, Schedule) else State.start(value)
