"""Annotations: kept, printed, exchanged, and in the way of nothing that does not concern them."""

from __future__ import annotations

import json

import pytest

import tvmlab as t
from tvmlab.schedule import Schedule


def _schedule() -> Schedule:
    a = t.placeholder((32, 64), name="A")
    return t.create_schedule(t.compute((32, 64), lambda y, x: a[y, x] + 1.0, name="C"))


@pytest.mark.parametrize("value", [0, -3, "two words", 'a "quoted" one', [1, 2, 3], []])
def test_a_key_without_meaning_is_kept_and_reads_back(value: int | str | list[int]) -> None:
    s = _schedule()
    s["C"].annotate("y", "note", value)
    assert f"note={json.dumps(value)}" in str(s)
    assert str(t.parse_program(str(s))) == str(s)
    again = t.replay(s.outputs[0], s.trace.to_json())
    assert str(again) == str(s)
    fresh = t.create_schedule(s.outputs[0])
    fresh.apply_python(s.trace.to_python())
    assert str(fresh) == str(s)
    assert all(s.check())


def test_a_second_value_takes_the_place_of_the_first() -> None:
    s = _schedule()
    s["C"].annotate("y", "unroll", 4)
    s["C"].annotate("y", "note", "kept")
    s["C"].annotate("y", "unroll", 8)
    assert 'for y in range(32, note="kept", unroll=8):' in str(s)
    s["C"].unannotate("y", "unroll")
    assert 'for y in range(32, note="kept"):' in str(s)


def test_rounds_count_towards_the_copies_of_a_body() -> None:
    s = _schedule()
    s["C"].annotate("y", "unroll", 32)
    with pytest.raises(t.ScheduleError, match="makes 1024 copies"):
        s["C"].annotate("x", "unroll", 32)
    with pytest.raises(t.ScheduleError, match="makes 2048 copies"):
        s["C"].unroll("x")
    s["C"].annotate("x", "unroll", 16)


def test_reorder_takes_annotations_along() -> None:
    s = _schedule()
    s["C"].annotate("y", "unroll", 4)
    s["C"].reorder("x", "y")
    assert "        for y in range(32, unroll=4):" in str(s)
    assert all(s.check())
