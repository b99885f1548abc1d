"""The GPU part: geometry, accesses, pictures of moments, and other GPUs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.view.fake_engine import FakeEngine
from tests.view.product import product
from tvmlab import te
from tvmlab.view import LabView
from tvmlab.view.engine import Allotted
from tvmlab.view.machine import Machine

BOUND = """yo, xo, yi, xi = s["C"].tile("y", "x", 8, 32)
s["C"].bind("yo", "blockIdx.y")
s["C"].bind("xo", "blockIdx.x")
s["C"].bind("yi", "threadIdx.y")
s["C"].bind("xi", "threadIdx.x")"""


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    return LabView(product(64), FakeEngine(), folder=tmp_path)


def bound(view: LabView) -> LabView:
    for line in BOUND.splitlines():
        view.do({"intent": "apply", "line": line})
    return view


def do(view: LabView, **intent: Any) -> Any:
    answer: Any = view.do(intent)
    return answer.get("gpu", answer)


def test_before_anything_is_bound_there_is_nothing_to_show(view: LabView) -> None:
    assert view.snapshot()["gpu"]["status"] == "idle"
    found = do(view, intent="gpu")
    assert (found["status"], found["kernels"], found["mapping"]) == ("ready", [], None)
    assert found["told"].startswith("block C is bound to no axis of the GPU")
    assert do(view, intent="gpu_at", moment=1)["kind"] == "refusal"


def test_another_target_is_chosen_and_what_was_known_is_forgotten(view: LabView) -> None:
    do(view, intent="measure")
    do(view, intent="explain")
    view.do({"intent": "select", "block": "C", "loop": "y"})
    do(view, intent="predict")
    before = view.snapshot()
    assert before["measure"]["history"]
    assert before["explain"]["facts"]
    assert before["gpu"]["target"] == "cpu"
    found = do(view, intent="target", name="cuda")
    assert (found["target"], [t["name"] for t in found["targets"]]) == ("cuda", ["cpu", "cuda"])
    assert found["target_told"] == "No code for CUDA: No loop is bound; bind one."
    after = view.snapshot()
    assert [kind["kind"] for kind in after["code"]["kinds"]] == ["cuda"]
    assert after["measure"]["history"] == []
    assert (after["explain"]["facts"], after["explain"]["status"]) == ([], "idle")
    assert after["measure"]["status"] == "idle"
    assert after["moves"]["column"]["predictions"] == {}
    found = do(bound(view), intent="gpu")
    assert found["target_told"] == "It cannot run here: No driver is installed; install one."
    assert do(view, intent="target", name="cpu")["target_told"] == ""
    assert do(view, intent="target", name="tpu")["why"] == "Target 'tpu' is not known"


def test_what_is_told_is_of_the_gpu_that_is_chosen(tmp_path: Path) -> None:
    lab = bound(LabView(product(64), Machine("cuda"), folder=tmp_path))
    do(lab, intent="gpu")
    first = lab.do({"intent": "explain"})["explain"]
    do(lab, intent="gpu", machine={"gpu": "T4"})
    assert lab.snapshot()["explain"]["facts"] == []
    second = lab.do({"intent": "explain"})["explain"]
    assert first["states"][0]["here_s"] < second["states"][0]["here_s"]
    assert do(lab, intent="gpu")["target_told"] in ("", *(
        f"It cannot run here: {t['problem']}" for t in lab.snapshot()["gpu"]["targets"]
    ))  # fmt: skip


def test_kernels_and_accesses_are_told(view: LabView) -> None:
    found = do(bound(view), intent="gpu")
    json.dumps(found)
    (kernel,) = found["kernels"]
    assert (kernel["grid"], kernel["threads"], kernel["warps"]) == ([2, 8, 1], [32, 8, 1], 8)
    assert kernel["line"] == 2
    assert "16 blocks leave 116 of 132 multiprocessors idle" in kernel["words"]
    own = [row for row in kernel["occupancy"] if row["is_own"]]
    assert [(row["threads"], row["warps"], row["share"]) for row in own] == [(256, 64, 1.0)]
    rows = {row["name"]: row for row in found["accesses"]}
    assert set(rows) == {"load A", "load B", "store C"}
    assert (rows["load B"]["figure"], rows["load B"]["share"], rows["load B"]["step"]) == (
        4,
        1,
        "+1",
    )
    assert (rows["load A"]["figure"], rows["load A"]["step"]) == (1, "same")
    assert rows["store C"]["words"].endswith("A register holds it through k.")
    assert all(row["line"] == 7 for row in rows.values())
    assert [row["is_current"] for row in found["states"]] == [True]


def test_a_moment_is_gone_to_by_access_block_and_loop(view: LabView) -> None:
    first = do(bound(view), intent="gpu")["mapping"]
    assert (first["block"], first["moment"]) == ([0, 0, 0], 0)
    store = next(r for r in do(view, intent="gpu")["accesses"] if r["name"] == "store C")
    shown = do(view, intent="gpu_at", access=store["number"], block=[1, 2, 0])["mapping"]
    assert (shown["rows"], shown["columns"]) == (list(range(16, 24)), list(range(32, 64)))
    assert shown["threads"] == list(range(256))
    assert set(shown["counts"]) == {1}
    assert (shown["box"], shown["moments"]) == ([16, 32, 8, 32], 1)
    assert len(shown["boxes"]) == 16
    load = next(r for r in do(view, intent="gpu")["accesses"] if r["name"] == "load B")
    moved = do(view, intent="gpu_at", access=load["number"])["mapping"]
    assert (moved["rows"], moved["moments"], moved["block"]) == ([0], 64, [1, 2, 0])
    assert moved["counts"] == [8] * 32
    assert "each 8 times on average" in moved["words"]
    on = do(view, intent="gpu_at", loop="k", by=1)["mapping"]
    assert (on["moment"], on["rows"], on["loops"]) == (
        1, [1], [{"name": "k", "value": 1, "extent": 64}]
    )  # fmt: skip
    assert do(view, intent="gpu_at", moment=10**6)["mapping"]["moment"] == 63
    assert do(view, intent="gpu_at", block=[99, -3, 0])["mapping"]["block"] == [1, 0, 0]


@pytest.mark.parametrize(
    "bad", [{"access": 99}, {"loop": "zz"}, {"block": [1]}, {"block": "x"}, {"moment": -1}]
)
def test_what_is_nowhere_is_refused(view: LabView, bad: dict[str, Any]) -> None:
    before = do(bound(view), intent="gpu")["mapping"]
    assert do(view, intent="gpu_at", **bad)["kind"] == "refusal"
    assert view.snapshot()["gpu"]["mapping"] == before


def test_shared_memory_is_as_small_as_lowering_makes_it(tmp_path: Path) -> None:
    a = te.placeholder((64, 64), name="A")
    p = te.compute((64, 64), lambda i, j: a[i, j] * 2.0, name="P")
    transposed = te.compute((64, 64), lambda i, j: p[j, i], name="C")
    view = LabView(transposed, FakeEngine(), folder=tmp_path)
    lines = """s["C"].tile("i", "j", 32, 32)
s["P"].compute_at("C", "jo")
s["C"].bind("io", "blockIdx.y")
s["C"].bind("jo", "blockIdx.x")
s["P"].set_scope("P", "shared")
s["P"].bind("j", "threadIdx.x")
s["C"].bind("ji", "threadIdx.x")"""
    for line in lines.splitlines():
        assert view.do({"intent": "apply", "line": line})["kind"] == "snapshot", line
    found = do(view, intent="gpu")
    assert found["kernels"][0]["shared_bytes"] == 4 * 32 * 32
    assert [b["words"] for b in found["barriers"]] == ["before C: P is handed over"]
    assert all(barrier["line"] > 0 for barrier in found["barriers"])
    rows = {row["name"]: row for row in found["accesses"]}
    assert (rows["load P"]["figure"], rows["store P"]["figure"]) == (32, 1)
    assert rows["load P"]["words"] == (
        "Lanes of a warp take 32 turns at one bank of shared memory, where 1 would do."
    )
    view.do({"intent": "apply", "line": 's["P"].storage_align("P", 0, 32, 1)'})
    assert view.snapshot()["gpu"]["is_stale"]
    rows = {row["name"]: row for row in do(view, intent="gpu")["accesses"]}
    assert rows["load P"]["figure"] == 1


def test_registers_are_those_of_a_compiler_that_says(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.allotted = [Allotted(255, "compiled for sm_80")]
    view = bound(LabView(product(64), engine, folder=tmp_path))
    (kernel,) = do(view, intent="gpu")["kernels"]
    assert (kernel["registers"], kernel["registers_words"]) == (255, "compiled for sm_80")
    (own,) = [row for row in kernel["occupancy"] if row["is_own"]]
    assert (own["warps"], own["limiting"]) == (8, "registers")
    engine.allotted = []
    view.do({"intent": "apply", "line": 's["C"].unroll("k")'})
    (kernel,) = do(view, intent="gpu")["kernels"]
    assert kernel["registers_words"].startswith("told from its sums")


def test_another_gpu_ranks_the_schedules_anew(view: LabView) -> None:
    here = do(bound(view), intent="gpu")
    assert here["states"][0]["here_s"] == here["states"][0]["there_s"]
    old = do(view, intent="gpu", machine={"gpu": "T4"})
    assert old["machine"] == old["this_machine"]
    assert old["machine"]["multiprocessors"] == 40
    few = do(view, intent="gpu", machine={**old["machine"], "multiprocessors": 1})
    assert few["states"][0]["there_s"] > 2 * few["states"][0]["here_s"]
    assert few["kernels"][0]["words"].count("of the T4") == 1
    assert do(view, intent="gpu")["machine"] == few["machine"]
    small = do(view, intent="gpu", machine={**old["machine"], "registers_k": 2})
    assert small["states"] == []
    assert "for want of registers" in small["told"]


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (7, "move a slider"),
        ({"gpu": "Z1"}, "use one of H100"),
        ({"multiprocessors": 0}, "multiprocessors is 0"),
        ({"shared_kb": "x"}, "shared_kb is 'x'"),
    ],
)
def test_a_gpu_that_makes_no_sense_is_told(view: LabView, machine: Any, words: str) -> None:
    refused = do(view, intent="gpu", machine=machine)
    assert refused["kind"] == "refusal"
    assert words in refused["why"] + refused["instead"]
