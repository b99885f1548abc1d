"""What all parts of a lab work on: the schedule shown, the selection in it, and the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface

from tvmlab.analysis.estimate import GpuFacts
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.schedule import State, Step
from tvmlab.view.autosave import FOLDER, Autosave
from tvmlab.view.engine import Engine
from tvmlab.view.moves import find_loop
from tvmlab.view.program import ProgramLines, first_new_loop
from tvmlab.view.schema import LoopRef, RefusalView
from tvmlab.view.timeline import Timeline, replayed
from tvmlab.view.tuning import Tuning

Listener = Callable[[str], None]


@dataclass(frozen=True)
class Refusing:
    """What was refused last: in which pane it is shown, why, and at which line of the schedule
    (counted from 0; -1 where at none)."""

    place: str
    view: RefusalView
    line: int = -1


class Forgetful(Interface):
    """What a desk knows of the parts that work at it."""

    def forget_told(self) -> None:
        """Let go of what was told of states on another machine."""

    def forget_target(self) -> None:
        """Let go of what was made or measured for another target."""


class Desk:
    """The state of a lab that its parts share.

    `version` grows with every move between states and every selection: what a part worked out for
    one version is of no use in another. `pinned` is the state that others are compared with, and
    `times` the median seconds of states that were measured. `tuning` has its runs. `taken` names
    the line that was typed and carried out last: a screen keeps what was typed until it sees it.
    `folder` is where the lab keeps what outlives it. Whoever changes anything holds `lock`, and
    sets `is_unsaved` where that is to outlive the lab: files are written later, for somebody waits
    to see the change.
    """

    def __init__(self, start: State, engine: Engine, folder: Path | None) -> None:
        self.start = start
        self.engine = engine
        self.lock = threading.RLock()
        self.work = engine.work(start)
        self.printed = ProgramLines()
        self.timeline = Timeline(start)
        self.selection: LoopRef | None = None
        self.refusing: Refusing | None = None
        self.pinned: State | None = None
        self.times: dict[State, float] = {}
        self.notice = ""
        self.taken = ""
        self.version = 0
        self.seq = 0
        self.parts: list[Forgetful] = []
        self._listeners: list[Listener] = []
        self.folder = folder or Path.cwd() / FOLDER
        self.is_unsaved = False
        self._autosave = Autosave(start, folder)
        self._saving = threading.Lock()
        self.tuning = Tuning(self.work, engine.why_no_tuner(start))

    @property
    def state(self) -> State:
        """The state shown."""
        return self.timeline.state

    def selected(self) -> LoopRef:
        """The selected loop; UsageError where none is."""
        if self.selection is None:
            raise UsageError("no loop is selected; click one in the program first.")
        return self.selection

    def select(self, wanted: LoopRef | None) -> None:
        """Make `wanted` the selection."""
        self.selection = wanted
        self.version += 1

    def show(self, state: State | None = None, notice: str = "") -> None:
        """Go to `state`, if given, and bring everything that hangs on the state up to date."""
        if state is not None:
            self.timeline.take(state)
        self.notice = notice
        self.version += 1
        if self.selection is not None and find_loop(self.state, self.selection) is None:
            self.selection = first_new_loop(self.printed.of(self.state))
        self.is_unsaved = True

    def choose_target(self, name: str) -> None:
        """Work for another target: what parts know of the one before is of no use.

        Raises:
            TvmlabError: there is none of that name.
        """
        self.engine.choose(name)
        self.times.clear()
        self.version += 1
        for part in self.parts:
            part.forget_target()

    def think_of(self, gpu: GpuFacts) -> None:
        """Tell of this GPU, where code is made for one."""
        if self.engine.think_of(gpu):
            self.version += 1
            for part in self.parts:
                part.forget_told()

    def save(self) -> None:
        """Keep the schedule shown, and the branches beside it, for the next session, if that is
        news; called without `lock`, which nobody is to wait for while a file is written."""
        with self._saving:
            with self.lock:
                if not self.is_unsaved:
                    return
                self.is_unsaved = False
                state, branches = self.state, self.timeline.branches
                name = branches.current.name
                others = [(b.name, b.tip) for b in branches.all if b is not branches.current]
            self._autosave.save(state)
            self._autosave.save_branches(name, others)

    def restore(self) -> None:
        """Take up the steps and branches that were saved last for the same expression."""
        name, others = self._autosave.load_branches()
        state = self._replayed(self._autosave.load())
        if state is not None and state is not self.start:
            self.timeline.take(state)
            count = state.depth - self.start.depth
            self.notice = f"Restored {count} step{'s' * (count > 1)} of the last session."
        branches = self.timeline.branches
        if name:
            branches.rename(branches.current.number, name)
        for other, steps in others:
            tip = self._replayed(steps)
            if tip is not None:
                branches.restore(other, tip)

    def _replayed(self, steps: Sequence[Step]) -> State | None:
        """None where they were saved by a version that allowed more; the file stays as it is."""
        try:
            return replayed(self.start, steps)
        except TvmlabError:
            return None

    def refusal(self, place: str) -> RefusalView | None:
        """What was refused last, if it is to be shown at `place`."""
        refusing = self.refusing
        return refusing.view if refusing is not None and refusing.place == place else None

    def listen(self, listener: Listener) -> None:
        """Call `listener` after every change, from whichever thread made it."""
        self._listeners.append(listener)

    def changed(self, what: str = "view") -> None:
        """Count a change and tell the listeners."""
        with self.lock:
            self.seq += 1
        for listener in self._listeners:
            listener(what)
