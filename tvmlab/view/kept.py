"""What a lab leaves in a notebook to go through without a kernel; see `KeptView`."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.view.results import result_words
from tvmlab.view.schema import KeptLine, KeptStep, KeptView, LineView, PastView, Snapshot

MOST_CHARACTERS = 200_000
"""Of the lines kept; of longer schedules of large programs the last steps are."""


class _Lines:
    """Every line once, by its position."""

    def __init__(self) -> None:
        self.kept: list[KeptLine] = []
        self._places: dict[str, int] = {}

    def place(self, line: LineView | KeptLine) -> int:
        """Where the line is kept."""
        if line["text"] not in self._places:
            self._places[line["text"]] = len(self.kept)
            self.kept.append({"text": line["text"], "tokens": list(line["tokens"])})
        return self._places[line["text"]]


def kept_view(
    snapshot: Snapshot, start: Sequence[LineView], past: Sequence[PastView], marker: str
) -> KeptView:
    """The programs from `start` on, after each step of `past`; the last of them is not long."""
    program, last = snapshot["program"], snapshot["measure"]["last"]
    head, first = [snapshot["trace"]["head"]], _first_kept(past)
    if first:
        head += [step["text"] for step in past[:first]]
        start = past[first - 1]["lines"]
    lines = _Lines()
    beginning = [lines.place(line) for line in start]
    steps = [_step(step, lines) for step in past[first:]]
    return {
        "title": program["title"],
        "subtitle": program["subtitle"],
        "head": "\n".join(head),
        "marker": marker,
        "measured": "" if last is None else f"{result_words(last)}.",
        "lines": lines.kept,
        "start": beginning,
        "steps": steps,
    }


def _first_kept(past: Sequence[PastView]) -> int:
    """The number of steps before the first program for which there is room.

    Of a long program there are no lines, so what is kept begins after the last of those.
    """
    seen: set[str] = set()
    characters = 0
    for number in range(len(past) - 1, -1, -1):
        new = {line["text"] for line in past[number]["lines"]} - seen
        characters += sum(map(len, new))
        if characters > MOST_CHARACTERS or not past[number]["lines"]:
            return min(number + 1 + (not past[number]["lines"]), len(past))
        seen |= new
    return 0


def _step(step: PastView, lines: _Lines) -> KeptStep:
    return {
        "text": step["text"],
        "time": step["time"],
        "program": [lines.place(line) for line in step["lines"]],
        "changed": list(step["new"]),
        "gone": [
            (gone["before"], lines.place({"text": gone["text"], "tokens": gone["tokens"]}))
            for gone in step["gone"]
        ],
    }
