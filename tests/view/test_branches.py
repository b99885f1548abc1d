"""Schedules side by side: none is lost, steps go from one to the other, one state is pinned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.view.fake_engine import FakeEngine
from tests.view.product import TILE, product
from tvmlab.view import LabView
from tvmlab.view.branches import MOST_UNNAMED

PARALLEL = 's["C"].parallel("y")'
SPLIT = 'ko, ki = s["C"].split("k", 8)'


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    return LabView(product(), FakeEngine(), folder=tmp_path)


def branches(view: LabView) -> list[Any]:
    return list(view.snapshot()["branches"]["branches"])


def lines(branch: Any) -> list[str]:
    return [line["text"] for line in branch["lines"]]


def two(view: LabView) -> None:
    """A branch of a split and a tile, left after the split for another of a parallel loop."""
    for line in (SPLIT, TILE):
        view.do({"intent": "apply", "line": line})
    view.do({"intent": "undo"})
    view.do({"intent": "apply", "line": PARALLEL})


def test_what_was_undone_stays_beside_what_came_instead(view: LabView) -> None:
    two(view)
    main, other = branches(view)
    assert (main["name"], lines(main), main["is_current"]) == ("main", [SPLIT, TILE], False)
    assert (lines(other), other["is_current"]) == ([PARALLEL], True)
    assert other["origin"] == "after step 1 of main"
    assert other["steps"] == 2
    view.do({"intent": "open_branch", "number": main["number"], "position": 1})
    trace = view.snapshot()["trace"]
    assert [line["text"] for line in trace["lines"]] == [SPLIT, TILE]
    assert trace["position"] == 1
    view.do({"intent": "open_branch", "number": other["number"]})
    assert view.snapshot()["trace"]["lines"][-1]["text"] == PARALLEL
    assert len(branches(view)) == 2


def test_going_on_is_the_same_branch_and_a_fork_another(view: LabView) -> None:
    view.do({"intent": "apply", "line": SPLIT})
    view.do({"intent": "apply", "line": PARALLEL})
    assert len(branches(view)) == 1
    view.do({"intent": "undo"})
    view.do({"intent": "fork"})
    assert [b["is_current"] for b in branches(view)] == [False, True]
    assert not view.snapshot()["trace"]["can_redo"]
    assert lines(branches(view)[0]) == [SPLIT, PARALLEL]


def test_a_step_is_picked_from_another_branch_or_refused(view: LabView) -> None:
    two(view)
    main, _ = branches(view)
    refused: Any = view.do({"intent": "cherry_pick", "number": main["number"], "position": 2})
    assert refused["kind"] == "refusal"  # tile would split the parallel loop
    assert view.snapshot()["branches"]["refusal"]["why"] == refused["why"]
    view.do({"intent": "undo"})
    view.do({"intent": "undo"})
    view.do({"intent": "cherry_pick", "number": main["number"], "position": 2})
    assert [line["text"] for line in view.snapshot()["trace"]["lines"]] == [TILE]


def test_names_are_told_apart(view: LabView) -> None:
    two(view)
    main, other = branches(view)
    view.do({"intent": "rename_branch", "number": other["number"], "name": "  on   threads "})
    assert branches(view)[1]["name"] == "on threads"
    for name in ("main", "", "x" * 41):
        refused: Any = view.do({"intent": "rename_branch", "number": other["number"], "name": name})
        assert refused["kind"] == "refusal"
    refused = view.do({"intent": "remove_branch", "number": other["number"]})
    assert "is the one shown" in refused["why"]
    view.do({"intent": "remove_branch", "number": main["number"]})
    assert [b["name"] for b in branches(view)] == ["on threads"]
    assert lines(branches(view)[0]) == [SPLIT, PARALLEL]


def test_branches_come_back_with_their_names(view: LabView, tmp_path: Path) -> None:
    two(view)
    view.do({"intent": "rename_branch", "number": branches(view)[1]["number"], "name": "threads"})
    again = LabView(product(), FakeEngine(), folder=tmp_path)
    assert {b["name"]: b["is_current"] for b in branches(again)} == {"threads": True, "main": False}
    main = next(b for b in branches(again) if b["name"] == "main")
    assert lines(main) == [TILE]  # its split is listed with the first branch
    next(tmp_path.glob("*.branches.json")).write_text("[1, ")
    assert len(branches(LabView(product(), FakeEngine(), folder=tmp_path))) == 1


def test_only_so_many_that_nobody_named_are_kept(view: LabView) -> None:
    view.do({"intent": "apply", "line": PARALLEL})
    view.do({"intent": "rename_branch", "number": 1, "name": "mine"})
    for n in range(2, MOST_UNNAMED + 6):
        view.do({"intent": "undo"})
        view.do({"intent": "apply", "line": f's["C"].split("k", {n})'})
    assert len(branches(view)) == MOST_UNNAMED + 2  # and the named and the current one
    assert branches(view)[0]["name"] == "mine"


def test_times_stand_beside_the_steps_they_were_measured_at(view: LabView) -> None:
    two(view)
    view.do({"intent": "measure"})
    main, other = branches(view)
    assert [line["time"] for line in other["lines"]] == ["11 ms"]
    assert other["time"] == "11 ms"
    assert other["share"] == 1.0
    assert main["time"] == ""


def test_the_program_is_compared_with_the_pinned_state(view: LabView) -> None:
    refused: Any = view.do({"intent": "compare_program", "with": "pinned"})
    assert "no state is pinned" in refused["why"]
    view.do({"intent": "pin"})
    assert view.snapshot()["branches"]["pinned"] == "the beginning"
    view.do({"intent": "apply", "line": SPLIT})
    view.do({"intent": "apply", "line": PARALLEL})

    def new() -> list[str]:
        found = view.snapshot()["program"]
        return [found["lines"][n]["text"].strip() for n in found["new"]]

    assert new() == ["for y in parallel(1024):"]
    view.do({"intent": "compare_program", "with": "pinned"})
    assert "for ko in range(128):" in new()
    assert "for y in parallel(1024):" in new()
    view.do({"intent": "unpin"})
    assert new() == ["for y in parallel(1024):"]
    assert view.snapshot()["program"]["compared"] == "previous"


@pytest.mark.parametrize(
    "intent",
    [
        {"intent": "open_branch", "number": 9},
        {"intent": "open_branch", "number": 1, "position": 7},
        {"intent": "cherry_pick", "number": 1, "position": 0},
        {"intent": "cherry_pick", "number": 1, "position": 5},
        {"intent": "pin", "number": 4, "position": 0},
        {"intent": "compare_program", "with": "yesterday"},
        {"intent": "rename_branch", "number": 1, "name": 7},
    ],
)
def test_what_makes_no_sense_is_told(view: LabView, intent: dict[str, Any]) -> None:
    before = view.snapshot()["branches"]["branches"]
    answer: Any = view.do(intent)
    assert answer["kind"] == "refusal"
    assert answer["why"]
    assert view.snapshot()["branches"]["branches"] == before
