"""A page for every schedule step, from its docstring: `python -m tests.project.primitives_page`.

It writes docs/primitives/, which `test_primitives_page.py` compares with what it would write now.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.project.pages import DOCS, fenced, write
from tvmlab.schedule.primitives import PRIMITIVES
from tvmlab.schedule.recipes import RECIPES
from tvmlab.schedule.step import GROUPS, Step

FOLDER = DOCS / "primitives"
EVERY = (*PRIMITIVES, *RECIPES)
REFUSALS = Path(__file__).resolve().parents[1] / "schedule" / "refusals"

INTRODUCTION = """\
# The steps of a schedule

Every way to change a program, from the docstrings of `tvmlab/schedule/primitives/` and
`tvmlab/schedule/recipes/`; each Before and After is run by a test, and so is every refusal.
`python -m tests.project.primitives_page` writes these pages; a test says when one is out of date.
"""


def contents() -> Iterator[str]:
    """A table for each group with a line for each step, leading to its page."""
    for group in GROUPS:
        yield f"## {group.capitalize()}\n"
        yield "| step | what it does | elsewhere |"
        yield "|---|---|---|"
        for step in EVERY:
            if step.group == group:
                yield f"| [`{step.name}`]({step.name}.md) | {step.summary} | {elsewhere(step)} |"
        yield ""


def document(step: type[Step]) -> str:
    """The docstring of the step's module."""
    return sys.modules[step.__module__].__doc__ or ""


def elsewhere(step: type[Step]) -> str:
    """The names that other systems have for a step."""
    found = re.search(r"^Other systems: ((?:.+\n)+)", document(step), re.MULTILINE)
    return " ".join(found[1].split()).removesuffix(".") if found else ""


def parts_of(step: type[Step]) -> Iterator[str]:
    """A step: what, how it is called, when legal, before and after, and what it refuses."""
    title, *paragraphs = re.split(r"\n{2,}(?! )", document(step).strip())
    yield f"# {step.name}\n"
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


def index() -> str:
    """The page that leads to the others."""
    return _joined([INTRODUCTION, *contents()])


def page(step: type[Step]) -> str:
    """The page about one step."""
    return _joined([*parts_of(step), "[All steps](README.md)"])


def pages() -> dict[Path, Callable[[], str]]:
    """Every page by its path."""
    about = {FOLDER / f"{step.name}.md": partial(page, step) for step in EVERY}
    return {FOLDER / "README.md": index, **about}


def _joined(parts: list[str]) -> str:
    return "\n".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    for stale in set(FOLDER.glob("*.md")) - set(pages()):
        stale.unlink()
    for path, text in pages().items():
        write(path, text)
