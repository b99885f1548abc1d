"""What a worker process gives up before it runs code nobody trusts.

It leads a process group of its own (so that a kill reaches whatever it starts), says nothing, dumps
no core, may not outgrow its memory, ignores interrupts, and dies with the process that wants its
answers: through a thread that watches that process, and where the kernel offers it through a
signal that comes even if the code never lets go of Python's lock.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import wait

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


def confine(memory_bytes: int) -> None:
    """Confine this process for good; it may hold `memory_bytes` of address space."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _let_fork_server_end()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _mute()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def default_memory_bytes() -> int:
    """Half of this machine's memory: what one worker may hold unless told otherwise."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _let_fork_server_end() -> None:
    """Close the pipe that keeps the fork server alive.

    Our parent in the kernel's sense is the fork server. It ends with the process that started it,
    unless one of its children holds this pipe, which they do only to start children of their own.
    """
    server = getattr(forkserver, "_forkserver", None)
    alive = getattr(server, "_forkserver_alive_fd", None)
    if isinstance(alive, int):
        with suppress(OSError):
            os.close(alive)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


def _mute() -> None:
    """Point the standard streams nowhere: what a kernel prints must not flood the tuner's."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.close(nowhere)
