"""Long work in the background that lets a click through.

Python lets one thread run at a time, and a thread that waits for its turn gets it after an interval
of 5 ms. A click takes a hundred turns on its way through the kernel's threads, each given up at a
system call; while another thread computes, they add up to most of a second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from tvmlab.ui.meanwhile import Meanwhile

INTERVAL_S = 0.0002
"""Seconds after which whoever waits gets its turn; a change of turns costs a tenth of that."""


def _quick_turns() -> Callable[[], object]:
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(min(INTERVAL_S, usual_s))
    return partial(sys.setswitchinterval, usual_s)


giving_way = Meanwhile(_quick_turns)
"""Has turns change quickly as long as anybody is in here."""
