"""What a lab leaves in a notebook leads through the same programs as the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

import tvmlab as t
from tests.view.fake_engine import FakeEngine
from tvmlab.view import kept as kept_module
from tvmlab.view.kept import kept_view
from tvmlab.view.lab import LabView
from tvmlab.view.schema import KeptView

STEPS = ('s["B"].split("x", 8)', 's["B"].split("y", 3)', 's["B"].parallel("yo")')


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    a = t.placeholder((16, 32), name="A")
    b = t.compute((16, 32), lambda y, x: a[y, x] + 1, name="B")
    view = LabView(b, FakeEngine(), restore=False, folder=tmp_path)
    for line in STEPS:
        view.do({"intent": "apply", "line": line})
    return view


def kept(view: LabView) -> KeptView:
    return kept_view(view.snapshot(), view.beginning(), view.past(), "tvmlab-1")


def texts(kept: KeptView, program: list[int]) -> list[str]:
    return [kept["lines"][n]["text"] for n in program]


def test_every_program_is_there_and_every_line_once(view: LabView) -> None:
    left = kept(view)
    assert texts(left, left["start"]) == [line["text"] for line in view.beginning()]
    for step, past in zip(left["steps"], view.past(), strict=True):
        assert texts(left, step["program"]) == [line["text"] for line in past["lines"]]
        assert texts(left, [n for _, n in step["gone"]]) == [g["text"] for g in past["gone"]]
    lines = [line["text"] for line in left["lines"]]
    assert len(lines) == len(set(lines))
    changed = left["steps"][-1]
    assert texts(left, [changed["program"][n] for n in changed["changed"]]) == [
        "    for yo in parallel(6):"
    ]


def test_of_a_large_schedule_the_last_steps_are_left(
    view: LabView, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = kept(view)
    size = sum(len(line) for line in texts(whole, whole["steps"][-1]["program"]))
    monkeypatch.setattr(kept_module, "MOST_CHARACTERS", size + 40)
    left = kept(view)
    assert 1 <= len(left["steps"]) < 3
    dropped = 3 - len(left["steps"])
    assert texts(left, left["start"]) == texts(whole, whole["steps"][dropped - 1]["program"])
    assert left["head"].count("\n") == dropped


def test_what_is_kept_begins_after_a_long_program(view: LabView) -> None:
    past = view.past()
    past[0] = {**past[0], "lines": [], "new": [], "gone": []}
    left = kept_view(view.snapshot(), view.beginning(), past, "tvmlab-1")
    assert len(left["steps"]) == 1
    assert texts(left, left["start"]) == [line["text"] for line in past[1]["lines"]]
