"""Machine code kept between builds, in memory and in the user's cache directory.

An entry is a file named by its key, holding a checksum and the object code. Entries appear whole
or not at all, several processes may read and write at once, and a damaged entry is forgotten.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import OrderedDict
from pathlib import Path

from tvmlab.targets.user_cache import cache_directory, replace_file

_CHECKSUM_BYTES = 32
_PRUNE_EVERY = 64  # writes of one process between two looks at the directory's size


class ObjectCache:
    """Object code by key, bounded in memory and on disk.

    Attributes:
        directory: where entries live; made when first written to.
        disk_limit_bytes: above this the entries longest unused are deleted.
        disk_limit: as many entries are kept there; looking through them takes a few hundredths of a
            second, for which somebody waits.
        memory_limit: entries kept in memory.
    """

    def __init__(
        self,
        directory: Path | None = None,
        disk_limit_bytes: int = 256 << 20,
        disk_limit: int = 8192,
        memory_limit: int = 256,
    ) -> None:
        self._given = directory
        self.disk_limit_bytes = disk_limit_bytes
        self.disk_limit = disk_limit
        self.memory_limit = memory_limit
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        # Processes that write little take their turns at looking through the directory.
        self._writes = itertools.count(os.getpid())

    @property
    def directory(self) -> Path:
        """The directory in use; read anew each time, as the environment may change."""
        return self._given or cache_directory() / "objects"

    def get(self, key: str) -> bytes | None:
        """The object code stored under `key`, or None."""
        content = self._memory.get(key)
        if content is None:
            content = self._read(key)
            if content is not None:
                self._remember(key, content)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Store `content`; where the disk refuses, memory alone keeps it."""
        self._remember(key, content)
        replace_file(self._path(key), hashlib.sha256(content).digest() + content)
        if next(self._writes) % _PRUNE_EVERY == 0:
            self.prune()

    def prune(self) -> None:
        """Delete the entries longest unused until three quarters of each limit are left."""
        entries = []
        try:
            for entry in os.scandir(self.directory):
                status = entry.stat()
                entries.append((status.st_mtime, status.st_size, entry.path))
        except OSError:
            return
        total, count = sum(size for _, size, _ in entries), len(entries)
        if total <= self.disk_limit_bytes and count <= self.disk_limit:
            return
        for _, size, path in sorted(entries):
            Path(path).unlink(missing_ok=True)
            total, count = total - size, count - 1
            if total <= self.disk_limit_bytes * 3 // 4 and count <= self.disk_limit * 3 // 4:
                return

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}.o"

    def _read(self, key: str) -> bytes | None:
        path = self._path(key)
        try:
            stored = path.read_bytes()
            content = stored[_CHECKSUM_BYTES:]
            if hashlib.sha256(content).digest() != stored[:_CHECKSUM_BYTES]:
                path.unlink(missing_ok=True)
                return None
            os.utime(path)  # its age decides what is deleted first
        except OSError:
            return None
        return content

    def _remember(self, key: str, content: bytes) -> None:
        self._memory[key] = content
        while len(self._memory) > self.memory_limit:
            self._memory.popitem(last=False)
