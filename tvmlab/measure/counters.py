"""What the processor counted while a kernel ran, where the kernel of the system allows to ask.

Linux opens a counter as a file for each thread (`perf_event_open(2)`); this module asks for the
generic ones that every processor with such counters has. Many virtual machines have none, and
containers often forbid the call: then `why_not` says so, and nothing is counted.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fcntl import ioctl
from pathlib import Path

CALLS = {"x86_64": 298, "aarch64": 241}
"""The number of the system call by architecture, from the tables of Linux."""

EVENTS = {"cycles": 0, "instructions": 1, "cache misses": 3}
"""`PERF_COUNT_HW_*` of linux/perf_event.h; misses are of the last level, as the system defines."""

HARDWARE = 0
DISABLED, EXCLUDE_KERNEL, EXCLUDE_HYPERVISOR = 1 << 0, 1 << 5, 1 << 6
TIMES_ENABLED_AND_RUNNING = 1 | 2
ENABLE, DISABLE = 0x2400, 0x2401
ATTRIBUTES = struct.Struct("<IIQQQQQIIQ")
"""`perf_event_attr` in its first version of 64 bytes, which every Linux since 2.6.31 takes."""

Open = Callable[[int, int], int]
"""Opens the counter of an event for a thread: a file, or OSError."""


def open_counter(event: int, thread: int) -> int:
    """The file of a counter of `event` for `thread`, counting nothing yet.

    Raises:
        OSError: the system does not have it or does not allow it.
    """
    number = CALLS.get(platform.machine())
    if number is None or platform.system() != "Linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    flags = DISABLED | EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR
    attributes = ATTRIBUTES.pack(
        HARDWARE, ATTRIBUTES.size, event, 0, 0, TIMES_ENABLED_AND_RUNNING, flags, 0, 0, 0
    )
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    anywhere, no_group, close_on_exec = -1, -1, 8
    file = call(
        ctypes.c_long(number),
        ctypes.c_char_p(attributes),
        ctypes.c_int(thread),
        ctypes.c_int(anywhere),
        ctypes.c_int(no_group),
        ctypes.c_ulong(close_on_exec),
    )
    if file < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(file)


def why_not(opened: Open = open_counter) -> str:
    """Why this process cannot count, and what would allow it, in a sentence; empty where it can."""
    try:
        os.close(opened(EVENTS["cycles"], 0))
    except OSError as error:
        return _words(error.errno)
    return ""


def counted(
    call: Callable[[], object], calls: int, opened: Open = open_counter
) -> dict[str, float]:
    """What all threads of this process count during a call, on average over `calls` of them.

    Counters that the processor had to share are scaled to the whole time. Nothing where counting
    is not possible.
    """
    try:
        with _counters(opened) as files:
            for file in files:
                ioctl(file, ENABLE)
            for _ in range(calls):
                call()
            for file in files:
                ioctl(file, DISABLE)
            totals = dict.fromkeys(EVENTS, 0.0)
            for file, name in files.items():
                totals[name] += _read(file)
    except OSError:
        return {}
    return {name: total / calls for name, total in totals.items()}


@contextmanager
def _counters(opened: Open) -> Iterator[dict[int, str]]:
    """A file for every event and thread of this process, by event."""
    with ExitStack() as stack:
        files: dict[int, str] = {}
        for thread in sorted(int(task.name) for task in Path("/proc/self/task").iterdir()):
            for name, event in EVENTS.items():
                file = opened(event, thread)
                stack.callback(os.close, file)
                files[file] = name
        yield files


def _read(file: int) -> float:
    value, enabled, running = struct.unpack("<QQQ", os.read(file, 24))
    return float(value) * enabled / running if running else 0.0


def _words(code: int | None) -> str:
    if code in (errno.EACCES, errno.EPERM):
        return (
            "The system does not let this user count cycles and misses: "
            "`sysctl kernel.perf_event_paranoid=2` or, in a container, "
            "`--cap-add PERFMON` would allow it."
        )
    if code in (errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP):
        return (
            "This machine shows no counters of its processor, as most virtual machines do not: "
            "one with a virtual PMU, or no virtual machine, would count cycles and misses."
        )
    return "Cycles and misses are counted on Linux alone, on x86-64 and AArch64."
