"""docs/journey.md shows what the code does today."""

from __future__ import annotations

from tests.project import journey
from tests.project.pages import difference


def test_the_page_is_what_the_code_prints() -> None:
    changed = difference(journey.PAGE, journey.page)
    assert not changed, f"python -m tests.project.journey writes it anew:\n{changed}"


def test_every_stop_says_what_it_should() -> None:
    text = journey.PAGE.read_text(encoding="utf-8")
    assert "it equals `A.T @ B`: **True**" in text
    assert "is refused at block C, loop k: iterations k=0 and k=1" in text
    assert '"status": "ok"' in text
    assert '"status": "illegal"' in text
    assert "@llvm.fma.v8f32" in text
    assert "the database finds trial 2 to be the best" in text
