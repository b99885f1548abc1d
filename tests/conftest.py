"""What holds for every test: nothing is written outside the checkout, nothing races a clock."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# Caches of compiled code and measured peaks: kept between runs, apart from the user's own.
os.environ["XDG_CACHE_HOME"] = str(ROOT / "build" / "cache")

# A busy machine is no failure. A failing example prints what reproduces it.
settings.register_profile("tvmlab", deadline=None, print_blob=True)
settings.load_profile("tvmlab")
