"""Measuring in a lab: quick, certified, cancelled, compared, priced, and set under a roofline."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.view.fake_engine import FakeEngine
from tvmlab import te
from tvmlab.analysis.work import Work
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.timing import CERTIFIED, QUICK
from tvmlab.schedule import State
from tvmlab.targets.cpu.limits import CpuPeaks
from tvmlab.view import LabView, machine
from tvmlab.view.waterfall import prices_of

TILE = 'yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)'
VECTORIZE = 's["C"].vectorize("xi")'
PARALLEL = 's["C"].parallel("yo")'


def timed(time_s: float, repeats: int = 12) -> Outcome:
    """Twelve repeats within 1 % of `time_s`."""
    times_s = tuple(time_s * (1 + 0.001 * (n % 10)) for n in range(repeats))
    return Outcome("ok", "time", times_s=times_s, verified=True)


class Machine(FakeEngine):
    """Every vectorised program takes a quarter of the time; parallel ones fail if told to."""

    fails_in_parallel = False
    flops = 2e9

    def work(self, state: State) -> Work:
        return Work(self.flops, 12e6)

    def outcomes(self, state: State) -> Outcome:
        text = " ".join(s.line for s in state.states())
        if self.fails_in_parallel and "parallel" in text:
            return failure("timeout", "run", "still busy after 10 s")
        return timed(0.02 if "vectorize" in text else 0.08)


@pytest.fixture
def engine() -> Machine:
    return Machine()


@pytest.fixture
def view(engine: Machine, tmp_path: Path) -> LabView:
    a = te.placeholder((1024, 1024), name="A")
    b = te.placeholder((1024, 1024), name="B")
    k = te.reduce_axis((0, 1024), name="k")
    product = te.compute(
        (1024, 1024), lambda y, x: te.sum(a[k, y] * b[k, x], axis=k), name="C"
    )  # fmt: skip
    return LabView(product, engine, folder=tmp_path)


def measure(view: LabView, **intent: Any) -> Any:
    return view.do(intent)["measure"]  # type: ignore[typeddict-item]


def apply(view: LabView, *lines: str) -> None:
    for line in lines:
        assert view.do({"intent": "apply", "line": line})["kind"] == "snapshot"


def test_quick_and_certified_differ_in_protocol_and_say_how_sure_they_are(
    view: LabView, engine: Machine
) -> None:
    quick = measure(view, intent="measure")["last"]
    certified = measure(view, intent="measure", certified=True)["last"]
    assert engine.protocols == [QUICK, CERTIFIED]
    assert (quick["is_certified"], certified["is_certified"]) == (False, True)
    assert quick["low_s"] < quick["median_s"] < quick["high_s"]
    assert quick["confidence"] >= 0.95
    assert (quick["doubt"], certified["doubt"]) == ("", "")


@pytest.mark.parametrize(
    ("outcome", "certified", "doubt"),
    [
        (timed(0.1, repeats=3), False, "3 repeats: the interval is only 75 % sure"),
        (
            timed(0.1, repeats=1),
            True,
            "one repeat: it took too long for more, so nothing says how it varies",
        ),
        (
            Outcome("ok", "time", times_s=(0.1, 0.2) * 6, verified=True),
            True,
            "can't tell to 1 %: the interval is still 66.7 % wide",
        ),
    ],
)
def test_what_is_not_known_well_enough_says_so(
    view: LabView, engine: Machine, outcome: Outcome, certified: bool, doubt: str
) -> None:
    engine.outcomes = lambda state: outcome  # type: ignore[method-assign]
    assert measure(view, intent="measure", certified=certified)["last"]["doubt"] == doubt


def test_what_goes_on_is_cancelled_and_leaves_no_result(view: LabView, engine: Machine) -> None:
    engine.gate.clear()
    going = threading.Thread(target=view.do, args=({"intent": "measure", "certified": True},))
    going.start()
    while view.snapshot()["measure"]["going"] != "certified":
        time.sleep(0.001)
    second = measure(view, intent="measure")
    assert second["status"] == "working"
    view.do({"intent": "cancel_measuring"})
    going.join(PATIENCE_S)
    assert not going.is_alive()
    after = view.snapshot()["measure"]
    assert (after["status"], after["history"], after["going"]) == ("idle", [], "")
    engine.gate.set()
    assert len(measure(view, intent="measure")["history"]) == 1, "the next is not cancelled"


def test_a_verdict_is_over_the_pinned_state_in_turns(view: LabView, engine: Machine) -> None:
    apply(view, TILE)
    view.do({"intent": "pin"})
    same: Any = view.do({"intent": "compare"})
    assert "is the pinned one" in same["why"]
    assert view.snapshot()["measure"]["refusal"] is not None
    pinned = view.state
    apply(view, VECTORIZE)
    duel = measure(view, intent="compare")["duel"]
    assert duel["verdict"] == "faster"
    assert (duel["low"], duel["ratio"], duel["high"]) == pytest.approx((4, 4, 4))
    assert duel["words"].startswith("4 times faster than the pinned state, from 4 to 4 (12 turns")
    order = [state is pinned for state in engine.measured]
    assert order[:4] == [True, False, False, True], "each is the first as often as the other"
    apply(view, PARALLEL)
    assert not view.snapshot()["measure"]["duel"]["is_current"]  # type: ignore[index]
    assert measure(view, intent="compare")["duel"]["verdict"] == "faster"
    view.do({"intent": "undo"})
    view.do({"intent": "pin"})
    view.do({"intent": "redo"})
    tie = measure(view, intent="compare")["duel"]
    assert tie["verdict"] == "can't tell"
    assert "either may be the faster one" in tie["words"]


def test_a_comparison_that_fails_says_why(view: LabView, engine: Machine) -> None:
    apply(view, TILE)
    view.do({"intent": "pin"})
    apply(view, PARALLEL)
    engine.fails_in_parallel = True
    failed = measure(view, intent="compare")
    assert failed["reason"] == "Timeout at stage run: still busy after 10 s"
    assert failed["duel"] is None


def test_a_step_is_left_out_where_the_others_allow_it(view: LabView) -> None:
    apply(view, TILE, VECTORIZE, PARALLEL)
    tile, vectorize, parallel = prices_of(view.state)
    assert tile.way == "before"
    assert "step 2 needs it" in tile.reason
    assert [tile.without.depth, tile.including.depth] == [0, 1]
    assert (vectorize.way, vectorize.reason) == ("without", "")
    assert vectorize.without.line == PARALLEL
    assert vectorize.without.depth == 2
    assert vectorize.including is view.state
    assert parallel.without.line == VECTORIZE


def test_prices_name_the_step_that_paid(view: LabView, engine: Machine) -> None:
    apply(view, TILE, VECTORIZE, PARALLEL)
    waterfall = measure(view, intent="price")["waterfall"]
    assert [row["verdict"] for row in waterfall["rows"]] == ["can't tell", "paid", "can't tell"]
    row = waterfall["rows"][1]
    assert row["low"] < row["ratio"] < row["high"]
    assert row["ratio"] == pytest.approx(4)
    assert waterfall["words"] == "Step 2 paid most: 4 times faster with it."
    assert len(engine.measured) == 5, "a state that was timed just before is not timed again"
    apply(view, 's["C"].unroll("yi")')
    assert view.snapshot()["measure"]["waterfall"]["is_stale"]  # type: ignore[index]


def test_prices_that_overlap_name_no_single_step_and_a_harmful_step_is_told(
    view: LabView, engine: Machine
) -> None:
    apply(view, TILE, PARALLEL, 's["C"].unroll("yi")', VECTORIZE)
    gains = {"parallel": 0.5, "vectorize": 0.5, "unroll": 1.5}

    def outcomes(state: State) -> Outcome:
        text = " ".join(s.line for s in state.states())
        return timed(0.1 * math.prod(g for name, g in gains.items() if name in text))

    engine.outcomes = outcomes  # type: ignore[method-assign]
    found = measure(view, intent="price")["waterfall"]
    assert [row["verdict"] for row in found["rows"]] == ["can't tell", "paid", "cost", "paid"]
    assert found["words"] == (
        "Steps 2 and 4 paid most; which of them more can't be told. "
        "The program would be faster without step 3."
    )


def test_a_price_that_cannot_be_had_says_why(view: LabView, engine: Machine) -> None:
    engine.fails_in_parallel = True
    apply(view, PARALLEL.replace("yo", "y"))
    (row,) = measure(view, intent="price")["waterfall"]["rows"]
    assert row["status"] == "failed"
    assert row["words"] == "with it: Timeout at stage run: still busy after 10 s"


def test_prices_stream_in_and_stop_when_cancelled(view: LabView, engine: Machine) -> None:
    apply(view, TILE, VECTORIZE, PARALLEL)
    seen: list[list[str]] = []
    cancelled: list[str] = []

    def look(what: str) -> None:
        waterfall: Any = view.snapshot()["measure"]["waterfall"]
        seen.append([row["status"] for row in waterfall["rows"]] if waterfall else [])
        if seen[-1][1:] == ["working", "done"] and not cancelled:
            cancelled.append(what)
            view.do({"intent": "cancel_measuring"})

    view.listen(look)
    after = measure(view, intent="price")
    assert ["waiting", "waiting", "working"] in seen, "near the end first"
    assert [r["status"] for r in after["waterfall"]["rows"]] == ["waiting", "waiting", "done"]


def test_without_steps_there_is_no_price(view: LabView) -> None:
    answer: Any = view.do({"intent": "price"})
    assert "no step to price" in answer["why"]


def test_the_roofline_names_what_binds_and_joins_the_states_in_order(view: LabView) -> None:
    assert view.snapshot()["measure"]["roofline"] is None
    roofline = measure(view, intent="peaks")["roofline"]
    assert roofline["points"] == []
    assert "has not been measured yet" in roofline["words"][1]
    apply(view, TILE, VECTORIZE)
    measure(view, intent="measure")
    view.do({"intent": "undo"})
    view.do({"intent": "undo"})
    slow: Any = measure(view, intent="measure", certified=True)["roofline"]["words"]
    assert "One thread does more without vectors: 30 GFLOP/s." in slow
    measure(view, intent="measure")
    view.do({"intent": "go_to", "position": 2})
    roofline = view.snapshot()["measure"]["roofline"]
    assert [(p["steps"], p["number"]) for p in roofline["points"]] == [(0, 2), (2, 1)]  # type: ignore[index]
    assert roofline["points"][1]["is_current"]  # type: ignore[index]
    roles = {c["role"]: (c["name"], c["threads"]) for c in roofline["ceilings"] if c["role"]}  # type: ignore[index]
    assert roles == {"roof": ("float32", 2), "binding": ("float32", 1)}
    words = " ".join(roofline["words"])  # type: ignore[index]
    assert "At 167 operations a byte the roof is float32 arithmetic on 2 threads" in words
    assert "float32 arithmetic on one thread binds it: 200 GFLOP/s, of which it has 49.8 %" in words
    assert "without vectors" not in words
    assert "From step 0 to step 2 the rate grew 4 times." in words
    apply(view, PARALLEL)
    roles = {c["role"] for c in view.snapshot()["measure"]["roofline"]["ceilings"]}  # type: ignore[index]
    assert roles == {"", "binding"}, "the roof itself binds a parallel program"


def test_where_nothing_is_computed_the_ceilings_are_those_of_memory(
    engine: Machine, tmp_path: Path
) -> None:
    engine.flops = 0.0
    a = te.placeholder((8, 8), name="A")
    view = LabView(te.compute((8, 8), lambda y, x: a[x, y], name="T"), engine, folder=tmp_path)
    measure(view, intent="measure")
    roofline: Any = view.snapshot()["measure"]["roofline"]
    assert (roofline["unit"], roofline["intensity"]) == ("GB/s", 0)
    assert {c["kind"] for c in roofline["ceilings"]} == {"memory"}
    assert roofline["points"][0]["rate"] == pytest.approx(12e6 / 0.08 / 1e9, rel=0.01)
    roles = {c["role"]: (c["name"], c["threads"]) for c in roofline["ceilings"] if c["role"]}
    assert roles["roof"] == ("DRAM", 2), "12 MB do not fit in the second level"


def test_the_machine_names_every_ceiling_and_no_more_threads_are_slower(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that was measured on a busy machine is no lower than that of one thread."""
    peaks = CpuPeaks(
        2,
        {"float32": (100e9, 90e9), "float64": (50e9, 99e9)},
        {"L1": (200e9, 400e9), "DRAM": (10e9, 15e9)},
        {"float32": (12e9, 24e9), "float64": (12e9, 24e9)},
    )
    monkeypatch.setattr(machine, "cpu_peaks", lambda: peaks)
    a = te.placeholder((8,), "int8", name="A")
    state = State.start(te.compute((8,), lambda i: a[i] + a[i], name="B"))
    found = machine.Machine().peaks(state)
    assert (found.flop_per_s, found.byte_per_s) == (100e9, 15e9)
    assert [(c.name, c.threads, c.rate, c.is_scalar) for c in found.ceilings] == [
        ("L1", 1, 200e9, False),
        ("DRAM", 1, 10e9, False),
        ("float32 without vectors", 1, 12e9, True),
        ("float32", 1, 100e9, False),
        ("L1", 2, 400e9, False),
        ("DRAM", 2, 15e9, False),
        ("float32 without vectors", 2, 24e9, True),
        ("float32", 2, 100e9, False),
    ]
    assert found.ceilings[1].holds_bytes == math.inf
    assert found.ceilings[4].holds_bytes == 2 * (found.ceilings[0].holds_bytes or 0)


def test_what_the_processor_counted_is_told_or_why_not(tmp_path: Path) -> None:
    a = te.placeholder((8, 8), name="A")
    engine = FakeEngine()
    view = LabView(
        te.compute((8, 8), lambda y, x: a[y, x] + 1.0, name="C"), engine, folder=tmp_path
    )
    view.do({"intent": "measure"})
    shown = view.snapshot()["measure"]
    assert (shown["last"]["counted"], shown["why_not_counted"]) == (
        "",
        "This machine cannot count.",
    )
    counters = {"cycles": 2000.0, "instructions": 5000.0, "cache misses": 12.0}
    engine.outcome = replace(engine.outcome, counters=counters)
    assert Outcome.from_json(engine.outcome.to_json()).counters == counters
    view.do({"intent": "measure"})
    shown = view.snapshot()["measure"]
    assert shown["why_not_counted"] == ""
    words = "a call: 2 k cycles, 5 k instructions, 12 cache misses; 2.5 instructions a cycle."
    assert words in shown["last"]["counted"]
