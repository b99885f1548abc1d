"""Writes docs/seeds.md: the seeds, their steps and programs, and what they cost.

python -m tests.seeds.page
"""

from __future__ import annotations

import inspect
import warnings

from tests.project.pages import DOCS, fenced, write
from tests.seeds.facts import facts
from tests.seeds.programs import SEEDS, Seed

PATH = DOCS / "seeds.md"
INTRODUCTION = """# Programs the field is known by

Each is an expression, a few steps and the program that they make; `tests/seeds` holds all three,
runs them and writes this page. *Work* is the number of operations on elements against what the
expression asks for; *storage* what is kept of intermediates in memory, by each thread where it has
them for itself. Both are counted on the program.

"""


def page() -> str:
    """The text of the page."""
    rows = ["| program | what its schedule does | work | storage |", "|---|---|---|---|"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in SEEDS:
            found = facts(seed.scheduled())
            rows.append(
                f"| [{seed.name}](#{seed.name}) | {seed.about} | {found.work:.2f} "
                f"| {found.storage_bytes} B |"
            )
        parts = [_part(seed) for seed in SEEDS]
    return INTRODUCTION + "\n".join(rows) + "\n\n" + "\n".join(parts)


def _part(seed: Seed) -> str:
    said = inspect.getdoc(seed.expression) or ""
    does = inspect.getdoc(seed.schedule) or ""
    s = seed.scheduled()
    steps = fenced("\n".join(s.trace.lines))
    return f"## {seed.name}\n\n{said} {does}\n\n{steps}\n{fenced(s)}"


if __name__ == "__main__":
    write(PATH, page)
