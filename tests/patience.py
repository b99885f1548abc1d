"""How long a test waits for what goes on elsewhere: longer than any busy machine takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 300.0


def eventually(holds: Callable[[], Any], pause_s: float = 0.01) -> None:
    """Look every `pause_s` whether it holds; fail where it does not come to."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(pause_s)
