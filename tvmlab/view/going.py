"""What a part of a lab is at for seconds: one thing at a time, told in words, and cancellable."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tvmlab.view.desk import Desk


class Going:
    """The one thing that goes on, if any: `kind` says what, `stage` in words how far it came."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cancelled = threading.Event()
        self.kind = ""
        self.stage = ""

    @contextmanager
    def begin(self, kind: str) -> Iterator[bool]:
        """Whether the body may do `kind`: not where something goes on already."""
        with self._desk.lock:
            if self.kind:
                is_free = False
            else:
                is_free, self.kind, self.stage = True, kind, ""
                self._cancelled.clear()
        if not is_free:
            yield False
            return
        self._desk.changed()
        try:
            yield True
        finally:
            with self._desk.lock:
                self.kind = self.stage = ""

    def reach(self, stage: str) -> None:
        """Tell how far it came."""
        with self._desk.lock:
            self.stage = stage
        self._desk.changed()

    def cancel(self) -> None:
        """Ask for the end of what goes on."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether it was asked to end."""
        return self._cancelled.is_set()
