"""A lab whose code is for a GPU: its kinds of code, what is told, and no device to measure on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.view.product import product
from tests.view.test_gpu import BOUND
from tvmlab.errors import TargetError
from tvmlab.targets.opencl.target import OpenClTarget
from tvmlab.view import LabView
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
