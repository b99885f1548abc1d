"""A folder for as long as a process lives, whichever way it dies.

The owner holds a lock on a file inside. Whoever makes the next folder removes those whose lock is
free: their owner was killed before it could.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "tvmlab-measure-"

SETTLED_S = 60.0
"""A younger folder is left alone: its owner may be about to lock it."""


class Scratch:
    """A new empty folder, `path`, gone after `remove` or, at the latest, after the next one."""

    def __init__(self) -> None:
        sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._owner = (self.path / "owner").open("w")
        fcntl.flock(self._owner, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Remove the folder and what is in it; harmless when repeated."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._owner.close()


def sweep(parent: Path) -> None:
    """Remove the scratch folders in `parent` whose owner is dead."""
    for owner in parent.glob(f"{PREFIX}*/owner"):
        try:
            with owner.open("r+") as file:
                if time.time() - owner.stat().st_mtime > SETTLED_S:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:
            continue  # alive, another user's, or gone in the meantime
