"""docs/journey.md shows what the code does today."""

from __future__ import annotations

import difflib

from tests.project import journey


def test_the_page_is_what_the_code_prints() -> None:
    written, now = journey.PAGE.read_text(encoding="utf-8"), journey.page()
    changed = "\n".join(difflib.unified_diff(written.split("\n"), now.split("\n"), lineterm=""))
    assert not changed, f"python -m tests.project.journey writes it anew:\n{changed[:3000]}"


def test_every_stop_says_what_it_should() -> None:
    text = journey.PAGE.read_text(encoding="utf-8")
    assert "it equals `A.T @ B`: **True**" in text
    assert "is refused at block C, loop k: iterations k=0 and k=1" in text
    assert '"status": "ok"' in text
    assert '"status": "illegal"' in text
    assert "@llvm.fma.v8f32" in text
    assert "the database finds trial 2 to be the best" in text
