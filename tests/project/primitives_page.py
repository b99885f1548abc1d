"""Every schedule step on a page, from its docstring: `python -m tests.project.primitives_page`.

It writes docs/primitives.md, which `test_primitives_page.py` compares with what it would write now.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.project.pages import DOCS, fenced, write
from tvmlab.schedule.primitives import PRIMITIVES
from tvmlab.schedule.recipes import RECIPES
from tvmlab.schedule.step import Step

PAGE = DOCS / "primitives.md"
REFUSALS = Path(__file__).resolve().parents[1] / "schedule" / "refusals"

INTRODUCTION = """\
# The steps of a schedule

Every way to change a program, from the docstrings of `tvmlab/schedule/primitives/` and
`tvmlab/schedule/recipes/`; each Before and After is run by a test, and so is every refusal.
`python -m tests.project.primitives_page` writes this page; a test says when it is out of date.
"""


def contents() -> Iterator[str]:
    """A line for each step, leading to its section."""
    yield "| step | what it does | elsewhere |"
    yield "|---|---|---|"
    for step in (*PRIMITIVES, *RECIPES):
        yield f"| [`{step.name}`](#{step.name}) | {step.summary} | {elsewhere(step)} |"
    yield ""


def document(step: type[Step]) -> str:
    """The docstring of the step's module."""
    return sys.modules[step.__module__].__doc__ or ""


def elsewhere(step: type[Step]) -> str:
    """The names that other systems have for a step."""
    found = re.search(r"^Other systems: ((?:.+\n)+)", document(step), re.MULTILINE)
    return " ".join(found[1].split()).removesuffix(".") if found else ""


def section(step: type[Step]) -> Iterator[str]:
    """A step: what, how it is called, when legal, before and after, and what it refuses."""
    title, *paragraphs = re.split(r"\n{2,}(?! )", document(step).strip())
    yield f"## {step.name}\n"
    sentence = title.partition(": ")[2]
    yield f"{sentence[:1].upper()}{sentence[1:]}\n"
    yield f'`s["C"].{step.example}`\n'
    for field in dataclasses.fields(step)[1:]:
        yield f"- `{field.name}`: {field.metadata['doc']}"
    yield ""
    for paragraph in paragraphs:
        yield from rendered(paragraph)
    refused = list(refusals(step))
    if refused:
        yield "Refused, for example:\n"
        yield from refused
        yield ""


def rendered(paragraph: str) -> Iterator[str]:
    """A paragraph of a docstring, and the indented code that belongs to it."""
    words, _, code = paragraph.partition("\n\n    ")
    if words.startswith("Other systems: "):
        words = words.replace("Other systems: ", "Elsewhere: ", 1)
    yield f"{' '.join(words.split())}\n"
    if code:
        yield fenced(textwrap.dedent(f"    {code}"), "python")


def refusals(step: type[Step]) -> Iterator[str]:
    """A line for each refusal of the step that the tests pin."""
    for path in sorted(REFUSALS.glob("*.txt")):
        request, _, refusal = path.read_text(encoding="utf-8").partition("---\n")
        asked = request.strip().splitlines()[-1]
        if f"].{step.name}(" in asked:
            parts = dict(line.split(": ", 1) for line in refusal.strip().splitlines())
            yield f"- `{asked}` ({parts['where']}): {parts['why']}; {parts['instead']}."


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, *contents()]
    for step in (*PRIMITIVES, *RECIPES):
        parts.extend(section(step))
    return "\n".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    write(PAGE, page)
