"""Faults that really happen in a worker, on request: how the local runner proves its recovery.

`FaultyJob` does a job, unless the request's first step is `{"step": "fault", "kind": ...}`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.turns import Turns
from tvmlab.measure.worker import Job


def fault_step(kind: str) -> dict[str, str]:
    """The step that makes a `FaultyJob` suffer the fault `kind`."""
    return {"step": "fault", "kind": kind}


class FaultyJob:
    """`job` with faults; faults strike while the worker has its turn to measure."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, request: Request, turns: Turns, folder: Path) -> Outcome:
        """Suffer the fault that the request asks for, or do the job."""
        first = request.trace[0] if request.trace else {}
        if first.get("step") != "fault":
            return self._job(request, turns, folder)
        with turns.alone():
            turns.announce("run")
            FAULTS[first["kind"]]()
        raise RuntimeError(f"the fault {first['kind']} did no harm")


def _segfault() -> None:
    ctypes.string_at(1)


def _native_loop() -> None:
    """Stay inside C with Python's lock held, so that no other thread can do anything about it."""
    while True:
        ctypes.PyDLL(None).sleep(1 << 30)


def _python_loop() -> NoReturn:
    while True:
        pass


def _stack_overflow() -> None:
    sys.setrecursionlimit(1 << 30)

    def deeper(_: object) -> list[object]:
        return list(map(deeper, (0,)))  # through C at each level: the machine's stack fills

    deeper(0)


def _out_of_memory() -> None:
    hoard = []
    while True:
        hoard.append(np.empty(1 << 24, np.float64))


def _fork_flood() -> None:
    for _ in range(8):
        subprocess.Popen(["sleep", "1000"])
    _python_loop()


def _output_flood() -> None:
    for _ in range(1 << 12):
        os.write(1, b"x" * (1 << 16))
    os._exit(4)


def _garbage() -> None:
    """Write nonsense over every descriptor that takes it, the pipe to the tuner included."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\0\0\0\4junk")
        except OSError:
            continue
    time.sleep(60)


def _raise_signal(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


FAULTS: dict[str, Callable[[], object]] = {
    "segfault": _segfault,
    "abort": os.abort,
    "floating point exception": _raise_signal(signal.SIGFPE),
    "stack overflow": _stack_overflow,
    "native loop": _native_loop,
    "python loop": _python_loop,
    "out of memory": _out_of_memory,
    "fork flood": _fork_flood,
    "output flood": _output_flood,
    "early exit": lambda: os._exit(3),
    "stopped": _raise_signal(signal.SIGSTOP),
    "garbage": _garbage,
}
"""Kind -> what does it; none returns normally."""
