"""A lab whose code is for a GPU: its kinds of code, what is told, and no device to measure on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.view.product import product
from tests.view.test_gpu import BOUND
from tvmlab.analysis.estimate import GPUS, estimate_on_gpu
from tvmlab.errors import TargetError
from tvmlab.targets.opencl.target import OpenClTarget
from tvmlab.te.promise import promise_constants
from tvmlab.view import LabView
from tvmlab.view.kernels import as_launched
from tvmlab.view.machine import Machine


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    return LabView(product(64), Machine("opencl"), folder=tmp_path)


def do(view: LabView, **intent: Any) -> Any:
    return view.do(intent)


def bound(view: LabView) -> None:
    for line in BOUND.splitlines():
        do(view, intent="apply", line=line)


def test_code_is_the_targets_and_linked_with_the_program(view: LabView) -> None:
    assert [k["title"] for k in do(view, intent="undo")["code"]["kinds"]] == ["OpenCL C"]
    bound(view)
    code = do(view, intent="code", kind="opencl")["code"]
    assert code["status"] == "ready", code["reason"]
    lines = dict(zip(code["text"].splitlines(), code["origins"], strict=True))
    assert any("__kernel" in line for line in lines)
    stores = [origin for line, origin in lines.items() if "C[" in line and "=" in line]
    assert set(stores) == {7}


def test_moves_and_explanation_are_told_for_a_gpu(view: LabView) -> None:
    do(view, intent="select", block="C", loop="y")
    column = do(view, intent="predict")["moves"]["column"]
    assert "bound to no axis of the GPU" in column["reason"]
    told = {line for line, p in column["predictions"].items() if p is not None}
    assert 's["C"].bind("y", "blockIdx.x")' in told
    assert all(".bind(" in line for line in told)
    bound(view)
    do(view, intent="select", block="C", loop="k")
    column = do(view, intent="predict")["moves"]["column"]
    assert (column["reason"], column["told"]) == ("", "all")
    assert column["now_low_s"] < column["now_s"] < column["now_high_s"]
    told = [p for p in column["predictions"].values() if p is not None]
    assert told
    assert all(p["low"] <= p["ratio"] <= p["high"] for p in told)
    found = do(view, intent="explain")["explain"]
    assert found["status"] == "ready", found["reason"]
    assert "on the H100" in found["facts"][0]["text"]
    assert any("multiprocessor" in f["text"] for f in found["facts"] if f["kind"] == "mapping")
    assert found["machine"] is None


def test_without_a_device_one_sentence_says_so(
    view: LabView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(self: OpenClTarget) -> Any:
        raise TargetError("No OpenCL driver is installed; install one for your device.")

    monkeypatch.setattr(OpenClTarget, "device", none)
    bound(view)
    answer = do(view, intent="measure")
    why = answer.get("why") or answer["measure"]["reason"]
    assert "No OpenCL driver is installed" in why


def test_a_state_of_which_nothing_is_told_stands_in_no_ones_way(view: LabView) -> None:
    """The beginning is bound to no axis: once pinned, what was bound was not explained either."""
    do(view, intent="pin")
    bound(view)
    found = do(view, intent="explain")["explain"]
    assert (found["status"], found["reason"]) == ("ready", "")
    assert [row["label"] for row in found["states"]] == ["shown"]


def test_what_constants_become_is_in_no_time(tmp_path: Path) -> None:
    """The tab GPU once counted the kernel that lays a weight out; the explanation did not."""
    (out,) = promise_constants(product(64), ["B"])
    view = LabView(out, Machine("cuda"), folder=tmp_path)
    bound(view)
    do(view, intent="apply", line='s["C"].cache_read("B")')
    do(view, intent="apply", line='s["B_cache"].bind("i0", "blockIdx.x")')
    [told] = do(view, intent="gpu")["gpu"]["states"]
    [explained] = do(view, intent="explain")["explain"]["states"]
    assert told["here_s"] == explained["here_s"]
    gpu = next(iter(GPUS.values()))
    counted = estimate_on_gpu(as_launched(view.state.program), gpu)
    assert told["here_s"] < 0.9 * counted.time_s
