"""Texts kept in `tests/goldens`: a change of what is printed must be meant.

`TVMLAB_UPDATE_GOLDENS=1 pytest ...` writes them anew; look at the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "goldens"


def check_golden(name: str, text: str) -> None:
    """Compare `text` with the golden called `name`, e.g. `lower/matmul.txt`."""
    path = FOLDER / name
    if os.environ.get("TVMLAB_UPDATE_GOLDENS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.rstrip("\n") + "\n")
    assert path.exists(), f"there is no golden {name}; run with TVMLAB_UPDATE_GOLDENS=1"
    assert text.rstrip("\n") == path.read_text().rstrip("\n")
