"""Style classes of all panes share one namespace: no file styles what another one means."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "extension" / "src"

# Classes that are there for others to add to.
SHARED = {"theme.css", "figures_table.css", "small_table.css", "scrubber.css", "contributions.css"}
SHARED |= {"loop_figure.css"}
# Who draws with another file's classes on purpose, and adds to them.
BUILDS_ON = {
    "lab/documents.css": {"panes/trace.css"},
    "lab/kept_renderer.css": {"panes/trace.css"},
    "measuring/roofline.css": {"panes/measure.css"},
    "panes/branches.css": {"panes/trace.css"},
    "tuner/narrow.css": {"panes/tuner.css"},
    "tuner/tables.css": {"panes/tuner.css", "tuner/narrow.css"},
    "tuner/trial_panel.css": {"panes/tuner.css", "tuner/narrow.css", "panes/program.css"},
}


def selectors(path: Path) -> list[str]:
    """The selectors of a file's rules, one by one."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    heads = [head.strip() for head in re.findall(r"([^{}]+)\{", text)]
    return [
        one.strip()
        for head in heads
        if not head.startswith("@")
        for one in re.split(r",(?![^(]*\))", head)
    ]


def test_a_class_that_a_file_styles_wherever_it_stands_is_no_other_files() -> None:
    alone: dict[str, set[str]] = defaultdict(set)
    named: dict[str, set[str]] = defaultdict(set)
    for path in sorted(SOURCES.rglob("*.css")):
        name = path.relative_to(SOURCES).as_posix()
        for selector in selectors(path):
            classes = set(re.findall(r"\.(tv-[\w-]+)", selector))
            for each in classes:
                named[each].add(name)
            if len(classes) == 1:  # it holds in every pane
                alone[classes.pop()].add(name)
    assert len(alone) > 100
    wrong = [
        f"{owner} styles .{each} in all panes, and {other} means another by it"
        for each, owners in sorted(alone.items())
        for owner in sorted(owners - SHARED)
        for other in sorted(named[each] - {owner} - SHARED)
        if owner not in BUILDS_ON.get(other, set()) and other not in BUILDS_ON.get(owner, set())
    ]
    assert not wrong, "\n".join(wrong)
