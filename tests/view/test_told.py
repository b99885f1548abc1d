"""Screens that are told what changed show what is printed, whatever was done and was lost."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.view.followed import applied, followed
from tests.view.program_walks import chain, intents
from tvmlab.ir import print_program
from tvmlab.view import program as program_module
from tvmlab.view.lab import LabView
from tvmlab.view.splices import splices
from tvmlab.view.told import Told

ROWS = st.lists(st.integers(0, 9), max_size=10)


@given(ROWS, ROWS)
def test_splices_make_one_row_of_the_other(before: list[int], after: list[int]) -> None:
    made = list(before)
    for at, removed, start, added in reversed(splices(before, after)):
        assert removed or added
        made[at : at + removed] = after[start : start + added]
    assert made == after


def test_what_moves_takes_little_with_it() -> None:
    things = [object() for _ in range(100)]
    assert splices(things, things) == []
    assert splices(things, [*things[1:50], *things[51:]]) == [(0, 1, 0, 0), (50, 1, 49, 0)]
    assert splices(things, [things[-1], *things[:-1]]) == [(0, 0, 0, 1), (99, 1, 100, 0)]


def test_what_is_told_again_is_nothing_and_what_is_lost_is_whole() -> None:
    told = Told()
    lines = [{"text": str(n)} for n in range(9)]
    first = told.next({"title": "C", "lines": lines})
    assert first is not None
    assert (first["seq"], first["base"]) == (0, None)
    assert told.next({"title": "C", "lines": list(lines)}) is None
    assert told.seq == 0
    more = told.next({"title": "D", "lines": [*lines, {"text": "9"}]})
    assert more is not None
    assert more["fields"] == {"title": "D"}
    assert more["splices"] == {"lines": [[9, 0, [{"text": "9"}]]]}
    assert followed([first, more]) == followed([first, told.whole()])


@pytest.mark.parametrize("seed", range(4))
def test_screens_follow_any_walk(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    # Short enough that the program is long, and that states are forgotten.
    monkeypatch.setattr("tvmlab.view.parts.program.FIRST_LINES", 20)
    monkeypatch.setattr(program_module, "REMEMBERED", 5)
    view = chain(6, tmp_path)
    screens = [_Screen(0.0), _Screen(0.3)]
    for number in range(60):
        view.carry_out(intents(view, rng))
        if number == 20:
            screens.append(_Screen(0.0))
        for screen in screens:
            screen.look(view, rng)


SLOW: tuple[dict[str, Any], ...] = (
    {"intent": "predict"},
    {"intent": "measure"},
    {"intent": "price"},
    {"intent": "compare"},
    {"intent": "explain"},
    {"intent": "code", "kind": "llvm"},
    {"intent": "locality"},
    {"intent": "gpu"},
    {"intent": "tune_start", "trials": 4},
    {"intent": "preview", "token": 1, "step": "split", "factor": "4"},
)
"""What takes long, and tells several times how it goes."""


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_was_told_changes_afterwards(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that handed out what it goes on writing to would be taken for what it was."""
    monkeypatch.setattr("tvmlab.view.parts.moves.REFRESH_S", 0.0)
    rng = random.Random(seed)
    view = chain(2, tmp_path)
    parts: dict[str, tuple[Told, dict[str, Any]]] = {}

    def look(_: str) -> None:
        shown = {k: v for k, v in view.snapshot().items() if isinstance(v, dict)}
        assert len(shown) == len(view.parts)
        for stem, state in shown.items():
            told, drawn = parts.get(stem, (Told(), {}))
            message = told.next(state)
            if message is not None:
                drawn = applied(drawn, json.loads(json.dumps(message)))
            parts[stem] = told, drawn
            assert drawn == json.loads(json.dumps(state)), stem

    view.listen(look)
    for slow in rng.sample(SLOW, len(SLOW)):
        for _ in range(3):
            view.carry_out(intents(view, rng))
        lines = view.snapshot()["program"]["lines"]
        view.carry_out({"intent": "select", **next(x["loop"] for x in lines if x["loop"])})
        view.carry_out(slow)
    assert all(told.seq > 0 for told, _ in parts.values())


class _Screen:
    """A screen that a share of what it is told does not reach."""

    def __init__(self, lost: float) -> None:
        self._told = Told()
        self._lost = lost
        self._seq: int | None = None
        self._state: dict[str, Any] = {}

    def look(self, view: LabView, rng: random.Random) -> None:
        """Take what is told, ask for what is lost, and compare with the program as printed."""
        shown = view.snapshot()["program"]
        message = self._told.next(shown)
        if rng.random() < self._lost or message is None:
            return
        if message["base"] not in (None, self._seq):
            message = self._told.whole()
        message = json.loads(json.dumps(message))
        self._seq, self._state = message["seq"], applied(self._state, message)
        assert self._state == json.loads(json.dumps(shown))
        # Nodes of its own have nothing that the printer kept.
        printed = print_program(copy.deepcopy(view.state.program))
        texts = [line["text"] for line in self._state["lines"]]
        assert texts == [line.text for line in printed.lines][: len(texts)]
        assert len(texts) + self._state["missing"] == len(printed.lines)
        numbers = printed.line_of()
        for n, line in enumerate(self._state["lines"], 1):
            header = numbers.get(printed.lines[n - 1].block or "")
            expected = n if line["loop"] else header
            assert (None if line["above"] is None else n - line["above"]) == expected


def test_a_step_brings_a_screen_no_expression(tmp_path: Path) -> None:
    """Of a long program the expression is half a megabyte, and the screen has it already."""
    lab, told = chain(2, tmp_path), Told()
    told.next(lab.snapshot()["trace"])
    lab.do({"intent": "apply", "line": 's["B1"].split("y", 8)'})
    message = json.dumps(told.next(lab.snapshot()["trace"]))
    assert "split" in message
    assert "tvmlab_te" not in message
