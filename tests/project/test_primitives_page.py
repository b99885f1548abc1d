"""docs/primitives.md says what the steps' docstrings say today."""

from __future__ import annotations

import re

import pytest

from tests.project import primitives_page
from tests.project.pages import difference
from tvmlab.schedule import STEPS


def test_the_page_is_what_the_docstrings_say() -> None:
    changed = difference(primitives_page.PAGE, primitives_page.page)
    assert not changed, f"python -m tests.project.primitives_page writes it anew:\n{changed}"


@pytest.mark.parametrize("name", STEPS)
def test_every_step_has_a_section_with_all_its_parts(name: str) -> None:
    text = primitives_page.PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^## {name}\n((?:.|\n)*?)(?=^## |\Z)", text, re.MULTILINE)
    assert found, f"there is no section about {name}"
    for part in ("Elsewhere: ", "Before:", f"].{name}(", "After ", "Refused, for example:"):
        assert part in found[1], part
