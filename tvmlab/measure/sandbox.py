"""What a worker process gives up before it runs code nobody trusts.

It leads a process group of its own, which nothing that it starts may leave where the system can see
to that (so that a kill reaches all of it), keeps no file open but the pipe to its owner, says
nothing, dumps no core, may outgrow neither its memory nor its files nor its processor time, ignores
interrupts, and dies with its owner: through a thread that watches it, and where the kernel offers
it through a signal that comes even if the code never lets go of Python's lock.
"""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import resource
import signal
import sys
import threading
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import wait

from tvmlab.measure.one_group import stay_in_group

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


OPEN_FILES = 64
"""File descriptors a worker may hold: it needs its pipe, its owner's, and a few for references."""


@dataclass(frozen=True)
class Allowance:
    """What a worker may use; what it starts has as much again.

    Attributes:
        memory_bytes: of address space.
        file_bytes: that a file may grow to.
        cpu_s: seconds of processor time for one request, of all threads together. The clocks of
            the stages end a worker sooner; this ends what its owner cannot reach.
    """

    memory_bytes: int
    file_bytes: int
    cpu_s: float


def confine(allowance: Allowance, pipe: int) -> None:
    """Confine this process for good; of the files that it inherited it keeps the descriptor
    `pipe`."""
    os.setpgid(0, 0)
    stay_in_group()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    owner = multiprocessing.parent_process()
    assert owner is not None
    sentinel = int(owner.sentinel)
    _close_all_but(pipe, sentinel)
    threading.Thread(target=_die_with, args=(sentinel,), daemon=True).start()
    _mute()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory_bytes, file_bytes = allowance.memory_bytes, allowance.file_bytes
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def wind_cpu(allowance: Allowance) -> None:
    """Give the process its processor time for the request that begins now; SIGXCPU ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until_s = math.ceil(used.ru_utime + used.ru_stime + allowance.cpu_s)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (until_s, hard))


def default_memory_bytes() -> int:
    """Half of this machine's memory: what one worker may hold unless told otherwise."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _close_all_but(*kept: int) -> None:
    """Close every inherited descriptor from 3 up, but `kept`.

    Among them is the pipe that keeps the fork server alive. The fork server is our parent in the
    kernel's sense, and it must end with our owner, which it does once nobody holds that pipe.
    """
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    beyond = most if most != resource.RLIM_INFINITY else 1 << 16
    for before, after in pairwise([2, *sorted(set(kept)), beyond]):
        os.closerange(before + 1, after)


def _die_with(sentinel: int) -> None:
    wait([sentinel])
    os.killpg(0, signal.SIGKILL)


def _mute() -> None:
    """Point the standard streams nowhere: what a kernel prints must not flood the tuner's."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.close(nowhere)
