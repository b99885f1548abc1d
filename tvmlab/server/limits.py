"""How much a server reads for whoever is logged in, so that no file can harm it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SQLITE = b"SQLite format 3\0"
MIB = 1 << 20
TRACE_BYTES = 8 * MIB


class Limits(NamedTuple):
    """What a file and the process that reads it may have.

    Attributes:
        log_bytes: of a log, which is read whole.
        database_bytes: of a database, of which only what is looked at is read.
        memory_bytes: address space of the process, libraries included.
        patience_s: seconds for one answer.
        most: processes at once.
        idle_s: seconds without a question after which one ends.
        answer_bytes: of one answer.
    """

    log_bytes: int = 128 * MIB
    database_bytes: int = 4096 * MIB
    memory_bytes: int = 2048 * MIB
    patience_s: float = 60.0
    most: int = 4
    idle_s: float = 120.0
    answer_bytes: int = 64 * MIB

    def objection(self, path: Path, kind: str) -> str | None:
        """Why a file is too large to be looked at, in a sentence; None where it is not."""
        size = path.stat().st_size
        if kind == "trace":
            most, instead = TRACE_BYTES, "no trace of a schedule is so large"
        elif _begins_as_database(path):
            most, instead = self.database_bytes, "copy the runs you need with `tvmlab log`"
        else:
            most, instead = self.log_bytes, f"`tvmlab log {path.name}` sums it up in a terminal"
        if size <= most:
            return None
        return (
            f"{path.name} has {size / MIB:,.0f} MiB, and up to {most / MIB:,.0f} MiB are read "
            f"here; {instead}."
        )


def _begins_as_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE
