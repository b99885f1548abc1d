"""A snapshot as text: for terminals, for notebooks without a browser, and for screen readers."""

from __future__ import annotations

from tvmlab.view.program import FIRST_LINES
from tvmlab.view.results import result_words
from tvmlab.view.schema import Snapshot


def more_lines(count: int) -> list[str]:
    """A line that stands for `count` others; none for none."""
    return [f"    … and {count:,} more lines"] if count else []


def snapshot_text(snapshot: Snapshot) -> str:
    """The program, the schedule and the latest measurement of `snapshot`."""
    program, trace, measure = snapshot["program"], snapshot["trace"], snapshot["measure"]
    parts = [f"{program['title']}  {program['subtitle']}".rstrip()]
    shown = program["lines"][:FIRST_LINES]
    left = len(program["lines"]) + program["missing"] - len(shown)
    parts.append("\n".join([*(line["text"] for line in shown), *more_lines(left)]))
    in_force = [line["text"] for line in trace["lines"][: trace["position"]]]
    parts.append("\n".join(["Schedule:", *(f"  {text}" for text in [trace["head"], *in_force])]))
    last = measure["last"]
    if last is not None:
        words = result_words(last)
        parts.append(f"Measured{'' if last['is_current'] else ' (an earlier state)'}: {words}")
    return "\n\n".join(parts)
