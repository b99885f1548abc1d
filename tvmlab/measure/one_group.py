"""A process that stays, with all it starts, in the process group where one kill reaches it.

A child that begins a session or a group of its own would outlive that kill. On Linux the kernel can
refuse the two calls that do so, through a filter that every descendant inherits and none can take
off (https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html).
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from typing import NamedTuple

PR_SET_NO_NEW_PRIVS = 38
"""linux/prctl.h; without it a filter asks for privileges."""
SET_MODE_FILTER, SPEC_ALLOW = 1, 4
"""linux/seccomp.h; kernels before 5.16 else slow every load down that follows a store."""
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
"""linux/bpf_common.h: what a word of the filter does. Beside it stand how many words a jump skips
if equal, how many if not, and a number."""
NUMBER_AT, ARCHITECTURE_AT = 0, 4
"""linux/seccomp.h: places in what a filter sees of a call."""
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


class _Numbers(NamedTuple):
    """An architecture's name in linux/audit.h, and its numbers of system calls."""

    architecture: int
    seccomp: int
    setpgid: int
    setsid: int


_NUMBERS = {
    "x86_64": _Numbers(0xC000003E, 317, 109, 112),
    "aarch64": _Numbers(0xC00000B7, 277, 154, 157),
}


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("words", ctypes.c_char_p))


def stay_in_group() -> None:
    """Keep this process, which has one thread as yet, and all it will start in its group, for good.

    Nothing happens on other systems and processors, and where the kernel was built without filters.
    """
    numbers = _NUMBERS.get(platform.machine())
    if sys.platform != "linux" or numbers is None:
        return
    words = (
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_IF_EQUAL, 0, 3, numbers.architecture),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_IF_EQUAL, 2, 0, numbers.setpgid),
        (JUMP_IF_EQUAL, 1, 0, numbers.setsid),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    )
    packed = b"".join(struct.pack("=HBBI", *word) for word in words)
    asked = ctypes.byref(_Filter(len(words), packed))
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.syscall(numbers.seccomp, SET_MODE_FILTER, SPEC_ALLOW, asked)
