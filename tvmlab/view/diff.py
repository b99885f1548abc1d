"""Which lines of a program survived a step, told by their text without indentation.

A line that only moved sideways is the same line: a new loop around a nest is one new line, not a
new nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from tvmlab.ir.printed import Line
from tvmlab.view.splices import Splice, splices


def changes(before: Sequence[Line], after: Sequence[Line]) -> list[tuple[Splice, dict[int, int]]]:
    """The places where two programs differ, and of the lines there which are the same ones moved
    sideways: index in `after` -> index in `before`.

    Only lines printed anew are compared by their text, for the printer hands out the others again.
    """
    return [(place, _moved(before, after, place)) for place in splices(before, after)]


def _moved(before: Sequence[Line], after: Sequence[Line], place: Splice) -> dict[int, int]:
    at, removed, start, added = place
    old = [line.text for line in before[at : at + removed]]
    new = [line.text for line in after[start : start + added]]
    return {start + n: at + partner for n, partner in matched_lines(old, new).items()}


def matched_lines(before: Sequence[str], after: Sequence[str]) -> dict[int, int]:
    """Index in `after` -> index in `before` of the lines that stayed, both increasing."""
    old = [line.strip() for line in before]
    new = [line.strip() for line in after]
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    pairs = {i: i for i in range(start)}
    middle = SequenceMatcher(
        None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False
    )
    for block in middle.get_matching_blocks():
        for k in range(block.size):
            pairs[start + block.b + k] = start + block.a + k
    for k in range(1, end + 1):
        pairs[len(new) - k] = len(old) - k
    return dict(sorted(pairs.items()))


def _shared(a: Sequence[str], b: Sequence[str]) -> int:
    """The number of equal lines at the beginning."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count
