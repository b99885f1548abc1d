"""The lab docked beside a notebook: what a kernel offers to the pages of JupyterLab.

A page opens a comm and says what it looks at (see `tvmlab.ui.docked_page`); from then on it is sent
the schedule or lab touched last, and how the tuning runs of this kernel stand. Nothing here is made
before a page asks for it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from comm import get_comm_manager
from comm.base_comm import BaseComm
from IPython import get_ipython

from tvmlab.errors import UsageError
from tvmlab.schedule import Schedule, Trace
from tvmlab.tune.run import Run, live_runs
from tvmlab.ui.docked_page import DockedPage
from tvmlab.ui.follow import OUTPUT, Follower, Touched
from tvmlab.ui.lab import Lab
from tvmlab.version import __version__
from tvmlab.view.machine_run import MachineRun
from tvmlab.view.trials import best_words

TARGET = "tvmlab.dock"
RUNS_REFRESH_S = 1.0
"""Seconds between two words about the runs that are on."""


class DockedKernel:
    """What all pages share: the follower, and the labs of schedules that have none."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._follower = Follower()
        self._pages: list[DockedPage] = []
        self._labs: dict[int, tuple[Schedule, Lab]] = {}
        self._heard: weakref.WeakSet[Lab] = weakref.WeakSet()
        self._shown: Touched | None = None
        self._runs: dict[int, Run] = {}
        self._watch: threading.Thread | None = None

    def join(self, comm: BaseComm, opening: Mapping[str, Any]) -> None:
        """A page opened the comm."""
        page = DockedPage(comm, self, opening["content"]["data"])
        self._pages.append(page)
        self.look()
        if self._shown is not None:
            page.follow(self._lab_of(self._shown), self._shown.name, self._what(self._shown))

    def labs(self) -> list[tuple[Schedule, Lab]]:
        """The labs made here, of schedules that the notebook has no lab of."""
        return list(self._labs.values())

    def leave(self, page: DockedPage) -> None:
        """A page is gone."""
        page.close()
        self._pages.remove(page)

    def look(self, *_: object) -> None:
        """Find what the cell that has just ended touched, and show it."""
        if not self._pages:
            return
        touched = self._follower.look(self._variables)
        for name, value in self._follower.found:
            if isinstance(value, Lab) and value not in self._heard:
                self._heard.add(value)
                value.view.listen(partial(self._on_lab, weakref.ref(value), name))
        if touched is not None:
            self._follow(touched)
        self._say_live_runs()

    def open_run(self, number: object) -> None:
        """Show the lab in which a run of `run_words` is seen, made where there is none."""
        run = self._runs.get(number) if isinstance(number, int) else None
        if run is None:
            return
        labs = [touched for touched in self._follower.found if isinstance(touched.value, Lab)]
        labs += [Touched(self._name_of(run), lab) for _, lab in self._labs.values()]
        shown = next((touched for touched in labs if _shows(touched.value, run)), None)
        if shown is None:
            lab = Lab(run, restore=False)
            shown = Touched(self._name_of(run), lab)
            self._labs[id(run)] = (lab.schedule, lab)
        self._follow(shown)

    def _name_of(self, run: Run) -> str:
        """What the notebook calls a run."""
        names = [name for name, value in list(self._variables.items()) if value is run]
        outputs = [f"Out[{found[1]}]" for name in names if (found := OUTPUT.fullmatch(name))]
        own = [name for name in names if not name.startswith("_")]
        return next(iter([*own, *outputs]), "run")

    def _follow(self, touched: Touched) -> None:
        self._shown = touched
        lab = self._lab_of(touched)
        for page in list(self._pages):
            page.follow(lab, touched.name, self._what(touched))

    def _what(self, touched: Touched) -> str:
        """What the notebook's name stands for: a "schedule", a "lab", or a "run"."""
        if isinstance(touched.value, Schedule):
            return "schedule"
        is_own = any(lab is touched.value for _, lab in self._labs.values())
        return "run" if is_own else "lab"

    def _on_lab(self, found: weakref.ref[Lab], name: str, what: str) -> None:
        """A lab of the notebook changed: it is the one being worked on."""
        lab = found()
        if lab is None or not self._pages:
            return
        self._say_live_runs()
        if what == "view" and (self._shown is None or self._shown.value is not lab):
            self._follow(Touched(name, lab))

    def _say_live_runs(self) -> None:
        if live_runs() and (self._watch is None or not self._watch.is_alive()):
            self._watch = threading.Thread(target=self._say_runs, name="tvmlab-runs", daemon=True)
            self._watch.start()

    def moved(self, lab: Lab) -> None:
        """Let the schedule that `lab` is of stand where the lab does."""
        for schedule, own in self._labs.values():
            if own is lab and schedule.state is not own.view.state:
                schedule.point_at(own.view.state)
                self._follower.note(schedule)
        self._say_live_runs()

    def _lab_of(self, touched: Touched) -> Lab:
        """The lab itself, or the one of the schedule, brought to where the schedule stands."""
        if isinstance(touched.value, Lab):
            return touched.value
        schedule, lab = self._labs.get(id(touched.value), (None, None))
        if lab is None or schedule is not touched.value:
            lab = Lab(touched.value, restore=False)
            self._labs[id(touched.value)] = (touched.value, lab)
        elif lab.view.state is not schedule.state:
            lab.do(intent="load_trace", text=Trace(schedule.state).to_json())
        return lab

    def _say_runs(self) -> None:
        """Tell the pages of the runs until all are over, and that they are."""
        over = threading.Event()
        seen: dict[int, Run] = {}
        while True:
            on = live_runs()
            seen.update({id(run): run for run in on})
            self._runs.update(seen)
            words = [run_words(run) for run in seen.values()]
            for page in list(self._pages):
                page.say_runs(words)
            if not on:
                return
            over.wait(RUNS_REFRESH_S)


def _shows(lab: Schedule | Lab, run: Run) -> bool:
    """Whether a lab has the run in front of its tuner's pane."""
    shown = lab.view.run if isinstance(lab, Lab) else None
    return isinstance(shown, MachineRun) and shown.client is run


def run_words(run: Run) -> dict[str, Any]:
    """How a run stands, as plain data; times in seconds."""
    best = run.best.outcome if run.best is not None else None
    best_s = best.as_measured.median_s if best is not None else None
    return {
        "id": id(run),
        "status": run.status,
        "reason": run.reason,
        "done": len(run.trials),
        "trials": int(run.progress.get("trials", run.setup.trials)),
        "best": "" if best is None or best_s is None else best_words(best_s, best.slowdown),
        "eta_s": run.progress.get("left_s") if run.status == "running" else None,
        "database": run.database or "",
    }


def offer(version: str) -> bool:
    """Let pages dock at this kernel, if it is one; whether they can.

    Args:
        version: the page's. JupyterLab and the kernel may have environments of their own, and what
            they say to each other is that of one version.

    Raises:
        UsageError: this kernel has another version of tvmlab.
    """
    if version != __version__:
        raise UsageError(
            f"this kernel has tvmlab {__version__} and JupyterLab {version}; install the same "
            f"version for both, restart the kernel and reload the page."
        )
    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return False
    if TARGET not in get_comm_manager().targets:
        docked = DockedKernel(shell.user_ns)
        shell.events.register("post_run_cell", docked.look)
        get_comm_manager().register_target(TARGET, docked.join)
    return True
