"""Files that are replaced whole: whoever reads one sees what it held, or all that it is to hold."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Where to write what `path` is to hold: what is there when the block ends takes its place.

    A block that raises leaves `path` as it was, and nothing beside it. Several processes and
    threads may write at once: the last one wins.

    Raises:
        OSError: it cannot take the place of `path`.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
