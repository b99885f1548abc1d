"""Where this user's machine keeps what tvmlab can always make again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tvmlab.targets.whole_file import written_whole


def cache_directory() -> Path:
    """The directory for tvmlab's caches: `$XDG_CACHE_HOME/tvmlab` or the system's usual place.

    It need not exist; losing it costs time only.
    """
    given = os.environ.get("XDG_CACHE_HOME")
    if given:
        return Path(given) / "tvmlab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tvmlab"
    return Path.home() / ".cache" / "tvmlab"


def replace_file(path: Path, content: bytes) -> bool:
    """Write `path` so that readers see the old or the new content, never a part.

    Several processes may write at once: the last one wins. Returns whether it could be written:
    a full or read-only disk is no reason to stop.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with written_whole(path) as part:
            part.write_bytes(content)
    except OSError:
        return False
    return True
