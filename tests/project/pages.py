"""Pages of docs/ that the code itself writes, and the question whether they are up to date."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def fenced(text: object, language: str = "") -> str:
    """A block of text in a page."""
    return f"```{language}\n{str(text).strip()}\n```\n"


def write(path: Path, page: Callable[[], str]) -> None:
    """Write a page anew."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(page(), encoding="utf-8")


def difference(path: Path, page: Callable[[], str]) -> str:
    """What would change if the page were written now; empty if nothing would."""
    written = path.read_text(encoding="utf-8").split("\n")
    changed = difflib.unified_diff(written, page().split("\n"), lineterm="")
    return "\n".join(changed)[:3000]
