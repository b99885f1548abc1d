from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tvmlab.view.diff import matched_lines

LINES = st.lists(st.sampled_from(["a", "  b", "b", "c", "    d"]), max_size=12)


def test_a_line_that_moves_sideways_stays_the_same() -> None:
    assert matched_lines(["for y", "  x"], ["for yo", "  for yi", "    x"]) == {2: 1}


@given(LINES, LINES)
def test_pairs_are_equal_lines_in_order(before: list[str], after: list[str]) -> None:
    pairs = matched_lines(before, after)
    assert all(after[n].strip() == before[o].strip() for n, o in pairs.items())
    assert list(pairs) == sorted(pairs)
    assert list(pairs.values()) == sorted(set(pairs.values()))


@given(LINES)
def test_nothing_changes_where_nothing_changed(lines: list[str]) -> None:
    assert matched_lines(lines, lines) == {n: n for n in range(len(lines))}
