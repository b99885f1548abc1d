"""docs/primitives/ says what the steps' docstrings say today."""

from __future__ import annotations

import pytest

from tests.project import primitives_page
from tests.project.pages import difference
from tests.project.primitives_page import FOLDER
from tvmlab.schedule import STEPS
from tvmlab.schedule.step import GROUPS


def test_the_pages_are_what_the_docstrings_say() -> None:
    pages = primitives_page.pages()
    assert set(FOLDER.glob("*.md")) == set(pages), "a page for every step, and none besides"
    changed = "\n".join(filter(None, (difference(path, text) for path, text in pages.items())))
    assert not changed, f"python -m tests.project.primitives_page writes them anew:\n{changed}"


@pytest.mark.parametrize("name", STEPS)
def test_every_page_has_all_its_parts(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    for part in ("Elsewhere: ", "Before:", f"].{name}(", "After ", "Refused, for example:"):
        assert part in text, part


def test_every_step_stands_in_a_group() -> None:
    assert {step.group for step in STEPS.values()} == set(GROUPS)
