"""Long work in the background that lets a click through.

Python lets one thread run at a time, and a thread that waits for its turn gets it after an interval
of 5 ms. A click takes a hundred turns on its way through the kernel's threads, each given up at a
system call; while another thread computes, they add up to most of a second.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERVAL_S = 0.0002
"""Seconds after which whoever waits gets its turn; a change of turns costs a tenth of that."""

_lock = threading.Lock()
_at_work = 0
_usual_s = 0.0


@contextmanager
def giving_way() -> Iterator[None]:
    """Have turns change quickly as long as anybody is in here, and as usual afterwards."""
    global _at_work, _usual_s
    with _lock:
        _at_work += 1
        if _at_work == 1:
            _usual_s = sys.getswitchinterval()
            sys.setswitchinterval(min(INTERVAL_S, _usual_s))
    try:
        yield
    finally:
        with _lock:
            _at_work -= 1
            if _at_work == 0:
                sys.setswitchinterval(_usual_s)
