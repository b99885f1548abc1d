"""Random walks through the states of a lab: steps, undo, redo, branches and what is compared."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import tvmlab as t
from tests.view.fake_engine import FakeEngine
from tvmlab.view import LabView


def chain(blocks: int, folder: Path) -> LabView:
    """A lab over so many blocks of two loops, one after another."""
    last = t.placeholder((24, 16), name="A")
    for n in range(blocks):
        before = last
        last = t.compute((24, 16), lambda y, x, a=before: a[y, x] * 2.0 + 1.0, name=f"B{n}")
    return LabView(last, FakeEngine(), restore=False, folder=folder)


def intents(view: LabView, rng: random.Random) -> dict[str, Any]:
    """Something that a user may ask for now; it may be refused."""
    names = [line["loop"] for line in view.snapshot()["program"]["lines"] if line["loop"]]
    at = rng.choice(names)
    block, loop = at["block"], at["loop"]
    consumer = rng.choice(names)
    lines = [
        f's["{block}"].split("{loop}", {rng.choice((2, 3, 5, 8))})',
        f's["{block}"].parallel("{loop}")',
        f's["{block}"].compute_at("{consumer["block"]}", "{consumer["loop"]}")',
        f's["{block}"].compute_inline()',
        f's["{block}"].cache_write("{block}", "global")',
        f's["{block}"].tile("y", "x", 4, 8)',
    ]
    return rng.choice(
        [
            *({"intent": "apply", "line": line} for line in lines),
            {"intent": "undo"},
            {"intent": "undo"},
            {"intent": "redo"},
            {"intent": "go_to", "position": rng.randrange(6)},
            {"intent": "open_branch", "number": rng.randrange(4)},
            {"intent": "pin"},
            {"intent": "compare_program", "with": rng.choice(("pinned", "previous"))},
            {"intent": "select", **at},
            {"intent": "overlay", "kind": rng.choice(("none", "cost", "bytes"))},
            {"intent": "all_lines"},
        ]
    )
