"""What holds for every test: nothing is written outside the checkout, nothing races a clock."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# Caches of compiled code and measured peaks: kept between runs, apart from the user's own.
os.environ["XDG_CACHE_HOME"] = str(ROOT / "build" / "cache")

# NumPy's threads spin while they wait, which on a full machine costs others most of their time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Shells have the jobs they start in the background ignore interrupts, and all that those start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure. A failing example prints what reproduces it.
# The same examples every time in CI, so that a red run is about the change; new ones elsewhere.
settings.register_profile(
    "tvmlab", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("tvmlab")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests first: they wait more than they compute, and others fill the machine."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
