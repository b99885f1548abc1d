"""A lock that one process holds while it writes a run, and that dies with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


class WriterLock:
    """The lock in the file `path`, which is there while somebody holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """Take the lock; False where another process has it.

        Raises:
            OSError: the file cannot be made.
        """
        import fcntl  # not on Windows, where nothing can be measured either

        while self._file is None:
            file = self._path.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            if self._is_still(file):
                self._file = file
            else:
                file.close()  # its last owner removed it in between: this lock is nobody's
        return True

    def release(self) -> None:
        """Let go; harmless when repeated."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def _is_still(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except OSError:
            return False
