"""Who may use the machine: any number of workers build at once, one at a time measures, alone.

A build beside a measurement would slow it down, so building takes the lock shared and measuring
takes it exclusively. The lock is the kernel's (`flock` on a file): whoever dies lets go of it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Announce = Callable[[str], None]
"""Told each stage as it begins, and `submit` while waiting for a turn."""


class Turns:
    """One worker's side of the lock in the file `path`, and its voice: `announce`."""

    def __init__(self, path: Path, announce: Announce) -> None:
        self._file = path.open("w")
        self.announce = announce

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Work beside others, while nobody measures."""
        with self._held(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Work while every other worker waits."""
        with self._held(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _held(self, kind: int) -> Iterator[None]:
        self.announce("submit")
        fcntl.flock(self._file, kind)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
