"""Which check found a planted bug the last time, the one to try first; empty where none did.

`python -m tests.power.report --remember` writes them down. They save time and prove nothing: after
a check that is no more, or that finds nothing, comes all that the bug's room has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

PATH = Path(__file__).with_name("remembered.json")


def remembered() -> dict[str, str]:
    """The check that found a bug, by the bug's name; empty if none did."""
    found: dict[str, str] = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    return found


def remember(found: Mapping[str, str]) -> None:
    """Write them down, a line each."""
    text = json.dumps(dict(found), indent=0, ensure_ascii=False)
    PATH.write_text(text + "\n", encoding="utf-8")
