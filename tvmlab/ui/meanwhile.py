"""Settings of the whole process that differ for as long as some thread needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ContextDecorator


class Meanwhile(ContextDecorator):
    """`with`, or a decorator: changed by the first thread that is in here, put back by the last.

    Args:
        change: makes the change and returns what undoes it.
    """

    def __init__(self, change: Callable[[], Callable[[], object]]) -> None:
        self._change = change
        self._lock = threading.Lock()
        self._inside = 0
        self._undo: Callable[[], object] = lambda: None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._undo = self._change()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._undo()
