"""The locality part: toy sizes, moments, measures, caches, and how states compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.view.fake_engine import FakeEngine
from tests.view.product import product
from tvmlab import ops, te
from tvmlab.analysis.access_trace import trace_room
from tvmlab.analysis.reuse_distance import reuse_distances
from tvmlab.ir.expr import select
from tvmlab.schedule import State, create_schedule, replay_python
from tvmlab.view import LabView
from tvmlab.view.heat_maps import Grid, HeatMaps
from tvmlab.view.locality import distance_bins, traced
from tvmlab.view.toy import MOST_ACCESSES, toy_of

TILED = 'yo, xo, yi, xi = s["C"].tile("y", "x", 4, 4)\ns["C"].reorder("yo", "xo", "k", "yi", "xi")'


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    return LabView(product(16), FakeEngine(), folder=tmp_path)


def do(view: LabView, **intent: Any) -> Any:
    answer: Any = view.do(intent)
    return answer.get("locality", answer)


def test_before_it_is_asked_nothing_is_followed(view: LabView) -> None:
    shown = view.snapshot()["locality"]
    assert shown["status"] == "idle"
    assert shown["maps"] == []
    assert not shown["is_stale"]
    assert do(view, intent="locality_at", moment=3)["kind"] == "refusal"


def test_a_small_program_is_followed_at_its_own_sizes(view: LabView) -> None:
    shown = do(view, intent="locality")
    json.dumps(shown)
    assert shown["status"] == "ready"
    assert shown["accesses"] == 16**2 + 4 * 16**3
    assert shown["moments"] == 16**2 + 16**3
    assert "at the sizes of the workload" in shown["sizes"]
    assert [(m["buffer"], m["rows"], m["columns"]) for m in shown["maps"]] == [
        ("A", 16, 16), ("B", 16, 16), ("C", 16, 16)
    ]  # fmt: skip
    assert shown["moment"] == shown["moments"] - 1
    assert shown["touches"] == "reads C[15, 15], A[15, 15], B[15, 15]; writes C[15, 15]"
    met = sum(b["elements"] for b in shown["bins"])
    assert met + shown["first_elements"] == shown["accesses"]
    assert shown["first_elements"] == 3 * 16**2
    assert shown["first_lines"] == 3 * 16
    rows = {row["buffer"]: row for row in shown["misses"]}
    assert rows["all"]["accesses"] == shown["accesses"]
    assert rows["A"]["l1_misses"] == rows["A"]["l2_misses"] == 16
    assert shown["verdict"] == ""


def test_moments_are_gone_to_by_number_and_by_loop(view: LabView) -> None:
    do(view, intent="locality")
    first = do(view, intent="locality_at", moment=0)
    assert first["touches"] == "writes C[0, 0]"
    assert first["maps"][2]["now"] == first["maps"][2]["written"] == [0]
    assert first["maps"][0]["values"] == [-1] * 256
    second = do(view, intent="locality_at", moment=1)
    assert [(x["name"], x["value"]) for x in second["loops"]] == [("y", 0), ("x", 0), ("k", 0)]
    assert second["block"] == "C"
    on = do(view, intent="locality_at", loop="x", by=1)
    assert [x["value"] for x in on["loops"]] == [0, 1, 0]
    assert on["touches"] == "reads C[0, 1], A[0, 0], B[0, 1]; writes C[0, 1]"
    back = do(view, intent="locality_at", loop="x", by=-1)
    assert back["moment"] == second["moment"]
    edge = do(view, intent="locality_at", loop="y", by=-1)
    assert edge["moment"] == second["moment"]
    assert do(view, intent="locality_at", moment=10**9)["moment"] == first["moments"] - 1


def test_measures_say_when_how_often_and_how_far(view: LabView) -> None:
    do(view, intent="locality")
    do(
        view, intent="locality_at", moment=17
    )  # the whole first fold, and the next one's first value
    last = do(view, intent="locality_show", measure="last")["maps"]
    assert (last[0]["values"][0], last[0]["values"][15 * 16]) == (1, 16)
    assert last[2]["values"][:3] == [16, 17, -1]
    times = do(view, intent="locality_show", measure="times")["maps"]
    assert times[2]["values"][:3] == [33, 1, -1]
    distance = do(view, intent="locality_show", measure="distance")["maps"]
    assert distance[2]["values"][0] == 2
    assert do(view, intent="locality_show", measure="speed")["kind"] == "refusal"


def test_a_step_makes_it_stale_and_is_compared_with_the_state_before(view: LabView) -> None:
    caches = {"line": "16", "l1": "512 B", "l2": "1 KB"}
    plain = do(view, intent="locality_caches", **caches)
    assert (plain["line_bytes"], plain["l1_bytes"], plain["l2_bytes"]) == (16, 512, 1024)
    assert plain["is_own"]
    stale = do(view, intent="apply", line=TILED)
    assert stale["is_stale"]
    assert stale["misses"] == plain["misses"]
    tiled = do(view, intent="locality")
    assert not tiled["is_stale"]
    rows = {row["buffer"]: row for row in tiled["misses"]}
    was = {row["buffer"]: row for row in plain["misses"]}
    before = do(view, intent="locality")["before"]
    assert before.startswith("the state before s[")
    assert rows["B"]["l1_misses"] < rows["B"]["before_l1"] == was["B"]["l1_misses"]
    assert "times fewer L1 misses" in tiled["verdict"]
    own = do(view, intent="locality_caches", line="", l1="", l2="")
    assert (own["is_own"], own["l1_bytes"]) == (False, 32 << 10)


@pytest.mark.parametrize("bad", ["", "many", "0", "-3", "9999999 MB"])
def test_sizes_that_are_none_are_refused(view: LabView, bad: str) -> None:
    answer = do(view, intent="locality_caches", line="64", l1=bad, l2="1 MB")
    assert answer["kind"] == "refusal"
    assert "such as 48 KB" in answer["why"] + answer["instead"]
    small = do(view, intent="locality_caches", line="64", l1="32", l2="1 MB")
    assert "cannot hold a line" in small["why"]


def test_what_cannot_be_followed_says_why(tmp_path: Path) -> None:
    a = te.placeholder((8,), name="A")
    twice = te.compute((8,), lambda i: a[i] * 2.0, name="T")
    late = te.compute((8,), lambda i: select(twice[i] > 0, a[7 - i], 0.0), name="L")
    shown = do(LabView(late, FakeEngine(), folder=tmp_path), intent="locality")
    assert shown["status"] == "failed"
    assert "computes on its way" in shown["reason"]
    assert not shown["is_stale"]


def test_large_programs_are_followed_as_crops_with_the_same_steps() -> None:
    state = State.start(product(1024))
    tiled = replay_python(state, TILED.replace("4, 4", "32, 32"))
    toy = toy_of(tiled)
    assert [(a.name, a.whole, a.toy) for a in toy.axes] == [(n, 1024, 64) for n in "yxk"]
    assert toy.scale == pytest.approx(1 / 16)
    assert toy.state.steps == tiled.steps
    assert toy.changed(tiled.steps) == []
    assert trace_room(toy.state.program) <= MOST_ACCESSES
    wide = replay_python(state, TILED.replace("4, 4", "512, 512"))
    assert toy_of(wide).changed(wide.steps) == ['s["C"].tile("y", "x", 128, 128)']


def test_templates_are_followed_at_toy_sizes() -> None:
    for workload in (
        ops.matmul(1024, 1024, 1024),
        ops.dense(128, 768, 3072),
        ops.softmax(999, 999),
        ops.conv2d(1, 64, 28, 28, 64, 3, 1),
    ):
        schedule = create_schedule(workload.tensors)
        template = workload.template("cpu")
        template.apply(schedule, template.default(schedule.outputs))
        toy = toy_of(schedule.state)
        assert toy.axes
        assert len(toy.state.steps) == len(schedule.state.steps)


def test_cells_of_long_and_of_wide_buffers_stand_for_several_elements() -> None:
    wide = te.placeholder((300, 500), name="W")
    grid = Grid.of(wide, 7)
    assert (*grid.shape, grid.high, grid.wide) == (60, 84, 5, 6)
    assert grid.cells(np.array([0, 5, 6, 5 * 500, 299 * 500 + 499])).tolist() == [
        7, 7, 8, 7 + 84, 7 + 60 * 84 - 1
    ]  # fmt: skip
    assert Grid.of(te.placeholder((100,), name="L"), 0).shape == (4, 32)
    assert Grid.of(te.placeholder((1, 1), name="S"), 0).shape == (1, 1)
    x = te.placeholder((300, 500), name="X")
    copy = te.compute((300, 500), lambda i, j: x[i, j] + 1.0, name="Y")
    maps = HeatMaps(traced(State.start(copy)))
    assert sum(maps.views("times", 149_999)[0]["values"]) == 150_000


def test_bins_are_powers_of_two() -> None:
    distances = reuse_distances(np.array([1, 1, 2, 3, 1, 2, 3, 4, 5, 1]))
    bins = distance_bins(distances, distances)
    assert [(b["low"], b["high"], b["elements"]) for b in bins] == [
        (0, 0, 1), (1, 1, 0), (2, 3, 3), (4, 7, 1)
    ]  # fmt: skip
