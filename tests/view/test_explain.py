"""Every sentence about a state is true of it, and another machine changes what is told."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import pytest

from tests.view.product import TILE, product
from tvmlab.analysis.estimate import Estimate, MachineFacts, Memory
from tvmlab.schedule import State
from tvmlab.view import LabView
from tvmlab.view.machine import Machine

ORDER = 's["C"].reorder("yo", "xo", "k", "yi", "xi")'
LANES = 's["C"].vectorize("xi")'


HERE = MachineFacts(
    cores=2,
    clock_hz=3.7e9,
    vector_bits=512,
    vector_registers=32,
    memories=(
        Memory("L1", 32e3, 4e11, 8e11),
        Memory("L2", 1e6, 1.2e11, 2.4e11),
        Memory("L3", 32e6, 6e10, 1e11),
        Memory("DRAM", inf, 2.5e10, 3.5e10),
    ),
)


class Known(Machine):
    """An engine of a machine that is the same wherever the tests run."""

    def facts(self) -> MachineFacts:
        return HERE

    def estimate(self, state: State, machine: MachineFacts | None = None) -> Estimate:
        return super().estimate(state, machine or HERE)


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    return LabView(product(), Known(), folder=tmp_path)


def explained(view: LabView, **machine: float) -> Any:
    """What is said of the state shown, on this machine or on another."""
    intent: dict[str, Any] = {"intent": "explain"}
    view.do({**intent, "machine": machine} if machine else intent)
    found: Any = view.snapshot()["explain"]
    assert found["status"] == "ready", found["reason"]
    return found


def said(found: Any, kind: str) -> str:
    return " ".join(fact["text"] for fact in found["facts"] if fact["kind"] == kind)


def test_words_follow_the_program(view: LabView) -> None:
    found = explained(view)
    assert "A jumps 4.1 kB and B jumps 4.1 kB" in said(found, "vectors")
    assert [fact["at"] for fact in found["facts"] if fact["kind"] == "vectors"] == [
        {"block": "C", "loop": "k"}
    ]
    assert found["shares"][0]["name"] in said(found, "bound")
    for line in (TILE, ORDER, LANES):
        view.do({"intent": "apply", "line": line})
    assert view.snapshot()["explain"]["is_stale"]
    better = explained(view)
    assert said(better, "vectors") == "C computes 32 elements at once, along xi."
    assert better["states"][0]["here_s"] < 0.5 * found["states"][0]["here_s"]
    assert not better["is_stale"]


def test_ideas_are_legal_and_promise_what_they_are_listed_for(view: LabView) -> None:
    found = explained(view)
    now = found["states"][0]["here_s"]
    assert 1 <= len(found["ideas"]) <= 3
    ratios = [idea["ratio"] for idea in found["ideas"]]
    assert ratios == sorted(ratios)
    best = found["ideas"][0]
    assert best["low"] <= best["ratio"] <= best["high"]
    view.do({"intent": "apply", "line": best["line"]})
    then = next(row for row in explained(view)["states"] if row["is_current"])["here_s"]
    assert then / now == pytest.approx(best["ratio"], rel=1e-6)


def test_another_machine_ranks_the_schedules_anew(view: LabView) -> None:
    for line in (TILE, ORDER, LANES):
        view.do({"intent": "apply", "line": line})
    view.do({"intent": "fork"})
    view.do({"intent": "apply", "line": 's["C"].parallel("yo")'})
    here = explained(view)
    assert [row["rank"] for row in here["states"]] == [1, 2]
    assert all(row["here_s"] == row["there_s"] for row in here["states"])
    plain = {"cores": 1, "vector_bits": 512, "cache_times": 1, "memory_times": 1}
    alone = explained(view, **plain)
    shown = next(row for row in alone["states"] if row["is_current"])
    other = next(row for row in alone["states"] if not row["is_current"])
    assert shown["there_s"] >= 0.9 * other["there_s"]  # threads gain nothing on one core
    assert alone["machine"]["cores"] == 1
    many = explained(view, **{**plain, "cores": 16})
    assert next(r for r in many["states"] if r["is_current"])["there_s"] < 0.5 * shown["there_s"]
    small = explained(view, **{**plain, "cache_times": 1 / 8})
    assert small["states"][0]["there_s"] > 0.999 * alone["states"][0]["there_s"]
    assert explained(view)["machine"]["cache_times"] == 1 / 8  # kept while one goes on
    view.do({"intent": "explain", "machine": {}})
    back: Any = view.snapshot()["explain"]
    assert back["machine"] == back["this_machine"]


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (7, "move a slider"),
        ({"cores": 0, "vector_bits": 512, "cache_times": 1, "memory_times": 1}, "cores is 0"),
        ({"cores": 2, "vector_bits": 300, "cache_times": 1, "memory_times": 1}, "not 300"),
        ({"cores": 2, "vector_bits": 256, "cache_times": "x", "memory_times": 1}, "cache_times"),
    ],
)
def test_a_machine_that_makes_no_sense_is_told(view: LabView, machine: Any, words: str) -> None:
    refused: Any = view.do({"intent": "explain", "machine": machine})
    assert refused["kind"] == "refusal"
    assert words in refused["why"] + refused["instead"]
    assert view.snapshot()["explain"]["status"] == "idle"
