"""Which cores the workers of parallel loops are kept on, where the system lets a thread choose.

Linux does: `sched_setaffinity` takes the number of a thread. macOS takes hints about threads that
share data and no core's number, and on Windows Python offers no call for it: there the system
places the workers.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from tvmlab.errors import TargetError, brief

VARIABLE = "TVMLAB_AFFINITY"
CAN_PIN = hasattr(os, "sched_setaffinity")


class _Choice:
    """What `choose` was given; None: the default."""

    asked: tuple[int, ...] | None = None


def choose(cores: Sequence[int] | None) -> None:
    """Take `cores` from now on; None takes the default again.

    Raises:
        TargetError: see `chosen_cores`.
    """
    _Choice.asked = None if cores is None else _checked(cores, f"set_affinity({cores!r})")


def chosen_cores() -> tuple[int, ...] | None:
    """The cores that workers are kept on in turn; None: wherever the system puts them.

    What `set_affinity` was given, else `$TVMLAB_AFFINITY` (as in `0,2-5`), else None.

    Raises:
        TargetError: the system keeps no thread on a core, or these are no cores of this process.
    """
    given = os.environ.get(VARIABLE)
    if _Choice.asked is not None or not given:
        return _Choice.asked
    asked = f"{VARIABLE}={given}"
    cores: list[int] = []
    try:
        for part in given.split(","):
            first, _, last = part.partition("-")
            cores += range(int(first), int(last or first) + 1)
    except ValueError:
        cores = []
    return _checked(cores, asked)


def core_of(worker: int) -> int | None:
    """The core that worker number `worker`, from 1, is kept on; None: any.

    The calling thread counts as 0 and is left alone: it belongs to the caller.
    """
    cores = chosen_cores()
    return cores[worker % len(cores)] if cores else None


def keep(thread: threading.Thread, core: int | None) -> None:
    """Keep a thread that has begun on `core`; a core taken away meanwhile is no reason to stop."""
    if core is not None and thread.native_id is not None:
        with suppress(OSError):
            os.sched_setaffinity(thread.native_id, {core})


def _checked(cores: Sequence[int], asked: str) -> tuple[int, ...]:
    if not CAN_PIN:
        raise TargetError(
            f"{asked} asks for cores to keep threads on, which {sys.platform} does not offer; "
            "leave it out, and the system places them."
        )
    allowed = os.sched_getaffinity(0)
    if not isinstance(cores, Sequence):
        raise TargetError(f"{asked} was given {brief(cores)}; give the numbers of cores as a list.")
    numbers = [c for c in cores if isinstance(c, int) and c in allowed]
    if not numbers or len(numbers) < len(cores):
        raise TargetError(
            f"{asked} names no cores that this process may use; choose among "
            f"{', '.join(map(str, sorted(allowed)))}."
        )
    return tuple(numbers)
