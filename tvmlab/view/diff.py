"""Which lines of a program survived a step, told by their text without indentation.

A line that only moved sideways is the same line: a new loop around a nest is one new line, not a
new nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


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
