"""One page that is docked at this kernel, over a comm: what it was told, and what it asks.

It is sent the parts of the snapshot that changed, of the lab that it follows and the panes that it
looks at. Its requests are those of the panes.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from comm.base_comm import BaseComm

from tvmlab.errors import TvmlabError
from tvmlab.targets.cpu.build.patience import set_compile_limit
from tvmlab.ui.lab import Lab
from tvmlab.ui.program import Program
from tvmlab.ui.subshell import keep_comm
from tvmlab.view.preferences import prefer_protocol
from tvmlab.view.schema import Snapshot
from tvmlab.view.told import Told
from tvmlab.view.tuning_news import Sent


class Kernel(Protocol):
    """What a page needs of the kernel that it is docked at."""

    def leave(self, page: DockedPage) -> None:
        """The page is gone."""

    def moved(self, lab: Lab) -> None:
        """A lab stands where it did not, or may."""

    def open_run(self, number: object) -> None:
        """Show the tuning run of this number."""


class DockedPage:
    """One page's view of what its kernel works on.

    Attributes:
        kernel: what it is docked at.
        panes: the panes before the user's eyes, by their stems.
        screen: the lab that it follows, if there is one yet.
        lock: held by whoever says something of that lab, or has another one followed.
    """

    def __init__(self, comm: BaseComm, kernel: Kernel, opening: object) -> None:
        self.kernel = kernel
        self.panes: frozenset[str] = frozenset()
        self.screen: FollowedLab | None = None
        self.lock = threading.Lock()
        self._comm = comm
        self._runs: list[dict[str, Any]] = []
        keep_comm(comm)
        comm.on_msg(self._on_message)
        comm.on_close(lambda _: kernel.leave(self))
        self._look(opening)
        # A page's next words go another way than its first, so it waits for this.
        self.send(kind="docked")

    def send(self, **message: Any) -> None:
        """Say something to the page."""
        self._comm.send(message)

    def follow(self, lab: Lab, name: str, what: str) -> None:
        """Show `lab` from now on; the notebook calls it `name`, or `what` it is of: "schedule"
        or "run"."""
        with self.lock:
            before = self.screen
            if before is not None and before.lab is lab:
                return
            self.screen = screen = FollowedLab(self, lab)
            self.send(kind="following", name=name, what=what)
        if before is not None:
            before.lab.leave(before)
        lab.show_on(screen)

    def say_runs(self, runs: list[dict[str, Any]]) -> None:
        """Say how the kernel's tuning runs stand, if that is news."""
        if runs != self._runs:
            self._runs = runs
            self.send(kind="runs", runs=runs)

    def close(self) -> None:
        """Draw no longer."""
        with self.lock:
            screen, self.screen = self.screen, None
        if screen is not None:
            screen.lab.leave(screen)

    # ---- what the page asks

    def _on_message(self, message: Mapping[str, Any]) -> None:
        data = message["content"]["data"]
        kind = data.get("kind") if isinstance(data, Mapping) else None
        if kind == "look":
            self._look(data)
        elif kind == "prefer":
            self._prefer(data)
        elif kind == "open_run":
            self.kernel.open_run(data.get("run"))
        elif kind == "ask" and self.screen is not None:
            self.screen.ask(data.get("intent"))

    def _look(self, data: object) -> None:
        """Take what panes the page shows; it is sent what it lacks of them, and all of the one that
        it says it has `lost`."""
        words = data if isinstance(data, Mapping) else {}
        panes = words.get("panes")
        screen = self.screen
        with self.lock:
            self.panes = frozenset(map(str, panes if isinstance(panes, list) else ()))
            if screen is not None and "lost" in words:
                screen.forget(str(words["lost"]))
        if screen is not None:
            screen.lab.refresh()

    def _prefer(self, data: Mapping[str, Any]) -> None:
        """Measure and compile as the user's settings say."""
        try:
            protocol = data.get("protocol")
            prefer_protocol(None if protocol is None else str(protocol))
            set_compile_limit(data.get("compile_limit_s"))
        except TvmlabError as error:
            self.send(kind="problem", problem=str(error))


class FollowedLab:
    """A lab as one page follows it, which the lab draws on; mute as soon as the page follows
    another, for the lab may be in the middle of drawing then.

    Attributes:
        lab: the lab.
        sent: what the page's tuner pane has of its runs.
    """

    def __init__(self, page: DockedPage, lab: Lab) -> None:
        self.lab = lab
        self.sent = Sent()
        self._page = page
        self._told: defaultdict[str, Told] = defaultdict(Told)

    @property
    def problem(self) -> str:
        """What went wrong last; setting it shows it."""
        return ""

    @problem.setter
    def problem(self, words: str) -> None:
        if words:
            self._say(kind="problem", problem=words)

    def show(self, snapshot: Snapshot) -> None:
        """Send the parts that the page looks at and has not, or not as they are."""
        page = self._page
        page.kernel.moved(self.lab)
        parts = cast(Mapping[str, Any], snapshot)
        # The program first: the moves of a long one take a second to list.
        for stem in sorted(page.panes, key=lambda stem: stem != Program.stem):
            state = parts[stem]
            with page.lock:
                news = self._told[stem].next(state)
                if news is not None and page.screen is self:
                    # In one string, for Jupyter walks through all that is not one, item by item.
                    page.send(kind="part", pane=stem, news=json.dumps(news, allow_nan=False))

    def looks_at(self, stem: str) -> bool:
        """Whether the page shows this pane."""
        return stem in self._page.panes

    def tell(self, news: Sequence[Mapping[str, Any]]) -> None:
        """Send the tuner's pane what it lacks."""
        for message in news if self.looks_at("tuner") else ():
            self._say(kind="news", message=message)

    def ask(self, intent: object) -> None:
        """Hand a request of the page to the lab."""
        if not isinstance(intent, Mapping):
            return
        if intent.get("intent") == "tune_points":
            self.sent = Sent()
            self.lab.refresh()
        else:
            self.lab.ask(self, intent)

    def forget(self, stem: str) -> None:
        """Tell all of this pane next; with the page's lock."""
        self._told.pop(stem, None)

    def _say(self, **message: Any) -> None:
        with self._page.lock:
            if self._page.screen is self:
                self._page.send(**message)
