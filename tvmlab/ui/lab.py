"""`t.Lab(C)`: the lab in a notebook, and its text where there is no browser.

Requests of the panes go to one thread, in order, so that every callback returns at once; what takes
long, as compiling and measuring do, goes to a thread of its pane. Whatever changes is pushed to
the panes by the first thread.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import ipywidgets
from IPython.display import display, update_display

from tvmlab import api
from tvmlab.errors import TraceError, UsageError, brief
from tvmlab.learn.library import exercise
from tvmlab.learn.notebook import SNAPSHOT_MIME
from tvmlab.schedule import Schedule, State, Trace, parse_document
from tvmlab.te.serial import from_json, to_json
from tvmlab.tune.database import Database
from tvmlab.tune.run import Run, live_runs
from tvmlab.ui.code import Code
from tvmlab.ui.collecting import seldom_collecting
from tvmlab.ui.giving_way import giving_way
from tvmlab.ui.layout import Layout
from tvmlab.ui.screen import Asking, Screen
from tvmlab.ui.static_html import snapshot_html
from tvmlab.ui.tuner import Tuner
from tvmlab.view.kept import kept_view
from tvmlab.view.lab import SLOW, LabView
from tvmlab.view.machine import Machine
from tvmlab.view.machine_run import MachineRun
from tvmlab.view.schema import Refused, Snapshot
from tvmlab.view.text import snapshot_text
from tvmlab.view.tuning_news import Sent

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

TUNING_REFRESH_S = 0.25
"""Seconds between two refreshes of a running tuner."""
BEHIND_S = 0.15
"""Seconds after which panes that nobody sees are drawn, and steps are kept in their file."""
PICTURE_DELAY_S = 1.0
"""Seconds without a change after which the static picture in the notebook is renewed."""


class Lab:
    """The lab of an expression, a schedule or a workload; shows itself at the end of a cell.

    Args:
        value: what to work on; of a tuning run, its expression, and the run is shown.
        trace: a trace to begin with, as JSON or lines of Python.
        restore: whether to go on where the same cell was left last time. The steps are kept in
            `.tvmlab/` beside the notebook, one file for each expression; a tuning run of it that
            is on in this kernel, as after the page was loaded again, is shown.
        run: a tuning run of the same expression to show, from `t.tune` or `t.attach`.
        target: what code is made for and kernels are measured on: `cpu`, `opencl` or `cuda`.

    Raises:
        UsageError: the run tunes another expression.
        TargetError: there is no such target.
    """

    @seldom_collecting
    def __init__(
        self,
        value: Any,
        trace: str | None = None,
        restore: bool = True,
        run: Run | None = None,
        target: str = "cpu",
    ) -> None:
        if not isinstance(run, Run | None):
            raise UsageError(f"{brief(run)} is no tuning run; give one of t.tune or t.attach.")
        if isinstance(value, Run):
            value, run, target = from_json(value.setup.workload), value, value.setup.target
        work_on = value if isinstance(value, (State, Schedule)) else api.tensors_of(value)
        self.view = LabView(work_on, Machine(target), trace=trace, restore=restore)
        on = [run] if run is not None else live_runs() if restore else []
        of_this = [each for each in on if each.setup.workload == to_json(self.view.state.outputs)]
        if run is not None and not of_this:
            raise UsageError(
                "the run given to the lab tunes another expression; show it beside its own."
            )
        run = next((r for r in of_this if r is run or r.setup.target == target), None)
        if run is not None:
            self.view.attach(partial(MachineRun, run))
        self._marker = f"tvmlab-{uuid.uuid4().hex[:12]}"
        self._layout: Layout | None = None
        self._screens: list[Screen] = []
        self._is_displayed = False
        self._is_closed = False
        self._is_looked_at = False
        self._is_draw_due = False
        self._is_save_due = False
        self._quick = ThreadPoolExecutor(1, thread_name_prefix="tvmlab-lab")
        self._saving = ThreadPoolExecutor(1, thread_name_prefix="tvmlab-save")
        self._slow = {
            part: ThreadPoolExecutor(2, thread_name_prefix=f"tvmlab-{part}")
            for part in SLOW.values()
        }
        self._timers: dict[str, threading.Timer] = {}
        self._timers_lock = threading.Lock()
        self._picture = ""
        self._exercise = ""
        self.view.listen(self._on_change)

    @classmethod
    def exercise(cls, name: str | Path) -> Lab:
        """The lab of an exercise, by its name or file, with the schedule it begins with.

        Raises:
            UsageError: there is no such exercise.
        """
        found = exercise(name)
        lab = cls(found.state)
        lab._exercise = found.name
        lab.do(intent="open_exercise", name=str(name))
        return lab

    @classmethod
    def open(cls, path: str | Path, run: int | None = None) -> Lab:
        """The lab of a file: of a trace at its last step, or of a database at the fastest schedule
        that it holds for the expression of its latest run, or of the run of that number.

        Raises:
            UsageError: there is no such file, or nothing verified in it.
            TraceError: the file is no trace, or not a whole one.
            DatabaseError: the database cannot be read, or has no such run.
        """
        path = Path(path)
        if path.suffix != ".json":
            with Database.open(path, create=False) as database:
                workload = from_json(database.session(run).setup.workload)
            return cls(api.apply_best(workload, path, anywhere=True), restore=False)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"the trace {path} cannot be read ({error}); check its name."
            ) from None
        document = parse_document(text)
        if "workload" not in document:
            raise TraceError(
                f"the trace {path.name} does not say what it schedules; give its expression to "
                "t.Lab, and open the file there."
            )
        return cls(from_json(document["workload"]), trace=text, restore=False)

    # ---- what a user holds

    @property
    def schedule(self) -> api.Schedule:
        """The schedule as it stands, to build, time or go on with in code."""
        return api.Schedule(self.view.state)

    @property
    def widget(self) -> ipywidgets.Widget:
        """The lab as a widget, to be placed among others."""
        return self._laid_out().root

    def do(self, **intent: Any) -> Snapshot | Refused:
        """Carry out one intent, e.g. `lab.do(intent="undo")`; see `tvmlab.view.lab`."""
        return self.view.do(intent)

    def close(self) -> None:
        """End what goes on in the background and take the widgets away."""
        self._is_closed = True
        self.view.close()
        with self._timers_lock:
            for timer in self._timers.values():
                timer.cancel()
        if self._layout is not None:
            self._layout.root.close()
        self._quick.shutdown(wait=False)
        for queue in (self._saving, *self._slow.values()):
            queue.shutdown(wait=False)

    def __str__(self) -> str:
        return snapshot_text(self.view.snapshot())

    def __repr__(self) -> str:
        return f"Lab of {self.view.state.program.name} after {self.view.state.depth} step(s)"

    # ---- screens beside the notebook's own

    def show_on(self, screen: Screen) -> None:
        """Draw on `screen` as well from now on, which asks with `ask`."""
        self._screens.append(screen)
        self._push()

    def leave(self, screen: Screen) -> None:
        """Draw on `screen` no longer."""
        if screen in self._screens:  # a page may go while it is handed another lab
            self._screens.remove(screen)

    def refresh(self) -> None:
        """Draw again on all screens; each tells its panes only what they lack."""
        self._push()

    # ---- display

    def _ipython_display_(self) -> None:
        """Show the live lab, and beside it the picture that stays in the notebook file."""
        widget = {k: v for k, v in self._widget_bundle().items() if k == WIDGET_MIME}
        display({**widget, "text/plain": "", "text/html": ""}, raw=True)
        display(self._static_bundle(), raw=True, display_id=self._marker)
        self._is_displayed = True

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Everything in one bundle, for displays that do not call `_ipython_display_`."""
        return {**self._widget_bundle(), **self._static_bundle()}

    def _widget_bundle(self) -> dict[str, Any]:
        return dict(self._laid_out().root._repr_mimebundle_())

    @seldom_collecting
    def _static_bundle(self) -> dict[str, Any]:
        snapshot, past = self.view.snapshot(), self.view.past()
        kept: Mapping[str, Any] = {}
        if not snapshot["program"]["missing"]:
            kept = kept_view(snapshot, self.view.beginning(), past, self._marker)
        return {
            "text/plain": snapshot_text(snapshot),
            "text/html": snapshot_html(snapshot, past, self._marker),
            SNAPSHOT_MIME: {
                **kept,
                "name": snapshot["name"],
                "trace": json.loads(Trace(self.view.state).to_json()),
                "measured": snapshot["measure"]["last"],
                **({"exercise": self._exercise} if self._exercise else {}),
            },
        }

    @seldom_collecting
    def _laid_out(self) -> Layout:
        if self._layout is None:
            self._layout = Layout(self.ask, self.view.snapshot, self._push, self._marker)
        return self._layout

    # ---- requests of the panes

    def ask(self, pane: Asking, intent: Mapping[str, Any]) -> None:
        """Hand a request to the thread that it belongs to; returns at once."""
        if self._is_closed:
            return
        if not self._is_looked_at:
            # The first pane that was drawn: there is a screen, and somebody who may measure soon.
            self._is_looked_at = True
            self._slow["measure"].submit(self._make_ready)
        part = SLOW.get(str(intent.get("intent")))
        if part is None:
            self._quick.submit(self._carry_out, pane, dict(intent))
        else:
            self._slow[part].submit(self._carry_out_slowly, pane, dict(intent))

    def _make_ready(self) -> None:
        with giving_way:
            self.view.make_ready()

    def _carry_out_slowly(self, pane: Asking, intent: dict[str, Any]) -> None:
        with giving_way:
            self._carry_out(pane, intent)

    @seldom_collecting
    def _carry_out(self, pane: Asking, intent: dict[str, Any]) -> None:
        """Carry a request out; what goes wrong is shown in the pane, for nothing else would."""
        try:
            if intent.get("intent") == "tune_points":
                self._send_news(Sent())
            else:
                self.view.carry_out(intent)
                self._save_soon()
            problem = ""
        except Exception as error:
            traceback.print_exc(file=sys.__stderr__)
            problem = f"tvmlab met a defect of its own: {type(error).__name__}: {error}"
        if pane.problem != problem:
            pane.problem = problem

    def _save_soon(self) -> None:
        """Write what is to outlive the lab, once its answer is on the screen."""
        if self._is_save_due:
            return
        self._is_save_due = True
        try:
            self._saving.submit(self._save_behind)
        except RuntimeError:  # the thread has ended, and the lab with it
            self.view.save()

    def _save_behind(self) -> None:
        """A kernel that ends waits for this thread, so nothing is lost meanwhile."""
        time.sleep(BEHIND_S)
        self._is_save_due = False
        self.view.save()

    # ---- pushing changes to the panes

    def _on_change(self, what: str) -> None:
        if self._is_closed:
            return
        if what == "tuning":
            self._later("tuning", TUNING_REFRESH_S, self._push, restart=False)
        else:
            self._push()

    def _push(self) -> None:
        if not self._is_draw_due and (self._layout is not None or self._screens):
            self._is_draw_due = True
            self._quick.submit(self._draw, self._draw_panes)
        if self._is_displayed:
            self._later("picture", PICTURE_DELAY_S, self._renew_picture, restart=True)

    @seldom_collecting
    def _draw(self, draw: Callable[[], None]) -> None:
        try:
            with giving_way:  # what was drawn is sent while the next pane is worked out
                draw()
        except Exception:
            traceback.print_exc(file=sys.__stderr__)  # nobody asks this thread for its result

    def _draw_panes(self) -> None:
        self._is_draw_due = False
        layout, screens = self._layout, list(self._screens)
        snapshot = self.view.sections()
        if layout is not None:
            layout.show(snapshot)
            self._later("behind", BEHIND_S, self._draw_behind, restart=False)
        for screen in screens:
            screen.show(cast(Snapshot, snapshot))
        self._send_news()
        code = snapshot["code"]
        pane: Asking | None = None
        if layout is not None and layout.shows(Code):
            pane = layout.pane(Code)
        if code["is_stale"] and code["follows"] and code["status"] != "working":
            intent = {"intent": "code", "kind": code["kind"]}
            looking = [screen for screen in screens if screen.looks_at(Code.stem)]
            asking = pane if pane is not None else next(iter(looking), None)
            if asking is not None:
                self.ask(asking, intent)

    def _draw_behind(self) -> None:
        """Draw the panes behind tabs, after the others: the browser has time for them now."""
        layout = self._layout
        if layout is not None and not self._is_closed:
            self._quick.submit(self._draw, lambda: layout.show_behind(self.view.sections()))

    def _send_news(self, sent: Sent | None = None) -> None:
        """Send the tuners' panes what they lack, or everything where a new view has nothing."""
        tuner = self._layout.pane(Tuner) if self._layout is not None else None
        if tuner is not None:
            tuner.sent = sent or tuner.sent
            tuner.tell(self.view.tuning_news(tuner.sent))
        for screen in list(self._screens):
            screen.tell(self.view.tuning_news(screen.sent))

    def _renew_picture(self) -> None:
        """Put the state now shown into the notebook, where saving and reopening finds it."""
        with giving_way:
            bundle = self._static_bundle()
            if bundle["text/html"] != self._picture:
                self._picture = bundle["text/html"]
                update_display(bundle, raw=True, display_id=self._marker)

    def _later(self, name: str, delay_s: float, action: Any, restart: bool) -> None:
        """Run `action` after `delay_s`; asked again meanwhile, wait anew or not at all."""
        with self._timers_lock:
            timer = self._timers.get(name)
            if timer is not None and timer.is_alive():
                if not restart:
                    return
                timer.cancel()
            timer = threading.Timer(delay_s, action)
            timer.daemon = True
            self._timers[name] = timer
            timer.start()
