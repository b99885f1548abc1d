"""Files that a command reads and writes; whatever is wrong with one is told in a sentence."""

from __future__ import annotations

import os
from pathlib import Path

from tvmlab.errors import UsageError
from tvmlab.targets.whole_file import written_whole

MAX_BYTES = 64 << 20
"""A larger trace file is something else."""


def read_bytes(path: Path, what: str) -> bytes:
    """The content of a file of at most `MAX_BYTES`; `what` it is to be, for the sentence.

    Raises:
        UsageError: it cannot be read, or is larger.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{what} {path} is a folder; give the name of a file.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(
                f"{what} {path} has {size} bytes, more than any trace; check the name."
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{what} {path} cannot be read ({error.strerror}); check the name."
        ) from error


def require_writable(path: Path, option: str) -> None:
    """UsageError unless `path`, given as `option`, can be written: told before the work is done."""
    folder = path.parent
    if path.is_dir():
        why = "is a folder; give the name of a file"
    elif not folder.is_dir():
        why = f"cannot be written because the folder {folder} does not exist; make it first"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        why = "cannot be written (permission denied); give a place where you may write"
    else:
        return
    raise UsageError(f"{option} {path} {why}.")


def write_whole(path: Path, text: str, option: str) -> None:
    """Write `text` so that `path` holds it all or what it held before.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        with written_whole(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{option} {path} cannot be written ({error.strerror}); give another place."
        ) from error
