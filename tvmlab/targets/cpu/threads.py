"""The threads that parallel loops run on: how many there are, and their life.

Workers are daemon threads of Python that spend their life in compiled code with the GIL released
(`pool_text` says how they share a loop). They look for work for about a millisecond after the
last, then sleep in the operating system. The pool starts with the first parallel kernel, ends
with the process, and is built anew in a forked child, which inherits none of the threads.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tvmlab.errors import TargetError
from tvmlab.targets.cpu import affinity
from tvmlab.targets.cpu.build import Code, host, load
from tvmlab.targets.cpu.pool_text import MAX_THREADS, POOL_BYTES, pool_text

PATIENCE_S = 1e-3
"""How long an idle worker looks for work before it sleeps."""

EXIT_WAIT_S = 1.0
"""How long the end of the process waits for a running launch."""

_VARIABLE = "TVMLAB_NUM_THREADS"


class _Runtime(NamedTuple):
    """The compiled pool: its code, kept alive, and its functions."""

    code: Code
    launch_address: int
    pool_address: int
    work: ctypes._FuncPointer
    start: ctypes._FuncPointer
    stop: ctypes._FuncPointer
    spins: int


@cache
def _runtime() -> _Runtime:
    code = load(
        pool_text(host().architecture, sys.platform),
        "pool",
        "launch",
        "work",
        "start",
        "stop",
        "spin",
        preset="explore",
    )
    at = code.symbols
    nothing, word = None, ctypes.c_int64
    spin = ctypes.CFUNCTYPE(nothing, word)(at["spin"])
    spin(100)
    begin = time.perf_counter()
    spin(2000)
    one_spin_s = (time.perf_counter() - begin) / 2000
    return _Runtime(
        code=code,
        launch_address=at["launch"],
        pool_address=at["pool"],
        work=ctypes.CFUNCTYPE(nothing, word)(at["work"]),
        start=ctypes.CFUNCTYPE(nothing, word, word)(at["start"]),
        stop=ctypes.CFUNCTYPE(word)(at["stop"]),
        spins=max(100, int(PATIENCE_S / one_spin_s)),
    )


class _Pool:
    """The process's workers. `lock` guards starting and stopping; launching needs no lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked: int | None = None
        self.workers: list[threading.Thread] = []
        self.launch_address = 0  # 0 while the pool is not running

    def start(self) -> int:
        with self.lock:
            if not self.launch_address:
                runtime = _runtime()
                threads = num_threads()
                cores = [affinity.core_of(index) for index in range(threads)]
                runtime.start(threads, runtime.spins)
                for index in range(1, threads):
                    worker = threading.Thread(
                        target=runtime.work,
                        args=(index,),
                        name=f"tvmlab-{index}",
                        daemon=True,
                    )
                    worker.start()
                    # Here and not by the worker: it may get no turn before the first launch ends.
                    affinity.keep(worker, cores[index])
                    self.workers.append(worker)
                self.launch_address = runtime.launch_address
            return self.launch_address

    def stop(self, patience_s: float) -> None:
        """End the workers once no launch is running; after `patience_s`, leave them be."""
        with self.lock:
            if not self.launch_address:
                return
            deadline = time.monotonic() + patience_s
            while not _runtime().stop():
                if time.monotonic() > deadline:
                    return
                time.sleep(1e-4)
            for worker in self.workers:
                worker.join()
            self.workers.clear()
            self.launch_address = 0

    def forget(self) -> None:
        """In a forked child: the workers and whatever they held do not exist here."""
        if self.launch_address:
            ctypes.memset(_runtime().pool_address, 0, POOL_BYTES)
        self.lock = threading.Lock()
        self.workers = []
        self.launch_address = 0


_POOL = _Pool()


def launch_address() -> int:
    """Address of the launch function that kernels take first; the pool is running afterwards."""
    return _POOL.launch_address or _POOL.start()


def num_threads() -> int:
    """How many threads a parallel loop runs on, the calling one included.

    What `set_num_threads` was given, else `$TVMLAB_NUM_THREADS`, else every core.

    Raises:
        TargetError: the variable is not a positive whole number.
    """
    asked = _POOL.asked
    given = os.environ.get(_VARIABLE)
    if asked is None and given:
        asked = _checked(given, f"{_VARIABLE}={given}")
    cores = available_cores()
    return cores if asked is None else min(asked, cores)


def set_num_threads(threads: int | None) -> int:
    """Run parallel loops on `threads` threads from now on; None takes the default again.

    Returns the number in effect: more threads than cores would only wait for each other, so it is
    at most the number of cores. A launch that is running finishes first.

    Raises:
        TargetError: `threads` is not a positive whole number.
    """
    asked = None if threads is None else _checked(threads, f"set_num_threads({threads!r})")
    before = num_threads()
    _POOL.asked = asked
    after = num_threads()
    if after != before:
        _POOL.stop(float("inf"))
    return after


def set_affinity(cores: Sequence[int] | None) -> None:
    """Keep the workers of parallel loops on `cores` in turn from now on; None: on no one.

    Worker n (the calling thread is 0, and left where it is) stays on `cores[n % len(cores)]`. By
    default, and without `$TVMLAB_AFFINITY` (as in `0,2-5`), the system places them. On Linux only.
    A launch that is running finishes first.

    Raises:
        TargetError: the system keeps no thread on a core, or these are no cores of this process.
    """
    before = affinity.chosen_cores()
    affinity.choose(cores)
    if affinity.chosen_cores() != before:
        _POOL.stop(float("inf"))


def shutdown() -> None:
    """End the workers; the next parallel kernel starts them again."""
    _POOL.stop(EXIT_WAIT_S)


@cache
def available_cores() -> int:
    """Cores that this process may use: its affinity, and its container's share of time."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells
        cores = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass  # no such file, or "max": unlimited
    return min(cores, MAX_THREADS)


def _checked(threads: object, asked: str) -> int:
    try:
        number = int(str(threads))
    except ValueError:
        number = 0
    if number < 1:
        raise TargetError(
            f"{asked} asks for no possible number of threads; give a whole number from 1 to "
            f"{available_cores()}, the cores here."
        )
    return number


atexit.register(shutdown)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_POOL.forget)
