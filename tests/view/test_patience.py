"""A lab over the real machine stays quick, whatever its schedule asks of the compiler."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tvmlab as t
from tvmlab.targets.cpu.build import set_compile_limit
from tvmlab.view.lab import LabView
from tvmlab.view.machine import Machine

SILLY = (
    'yo, xo, yi, xi = s["C"].tile("y", "x", 512, 128)',
    's["C"].reorder("yo", "xo", "k", "yi", "xi")',
    's["C"].vectorize("xi")',
)


@pytest.fixture(autouse=True)
def one_second() -> Iterator[None]:
    set_compile_limit(1.0)
    yield
    set_compile_limit(None)


@pytest.fixture
def view(tmp_path: Path) -> LabView:
    workload = t.ops.matmul(512, 512, 512)
    return LabView(workload.tensors, Machine(), restore=False, folder=tmp_path)


def test_a_whole_product_written_out_is_refused_with_words(view: LabView) -> None:
    view.do({"intent": "apply", "line": 's["C"].unroll("y")'})
    begin = time.thread_time()
    answer: Any = view.do({"intent": "apply", "line": 's["C"].unroll("x")'})
    assert answer["kind"] == "refusal"
    assert "copies of the body" in answer["why"]
    assert time.thread_time() - begin < 5.0, "of the processor; the copies would take minutes"


def test_long_code_is_told_before_and_stopped_while_the_lab_answers(view: LabView) -> None:
    for line in SILLY:
        view.do({"intent": "apply", "line": line})
    told: Any = view.do({"intent": "apply", "line": 's["C"].unroll("yi")'})
    (caution,) = [c for c in told["trace"]["lines"][-1]["cautions"] if "to compile" in c]
    assert "40,960 instructions, which take some 20 s to compile" in caution
    asked = threading.Thread(target=view.do, args=({"intent": "code", "kind": "asm"},))
    asked.start()
    answered = 0
    while asked.is_alive():
        snapshot: Any = view.do({"intent": "select", "block": "C", "loop": "yi"})
        assert snapshot["kind"] == "snapshot"
        answered += view.snapshot()["code"]["status"] == "working"
        time.sleep(0.05)
    code: Any = view.snapshot()["code"]
    assert code["status"] == "failed"
    assert "was stopped after 1 s" in code["reason"]
    assert "unroll or vectorize less" in code["reason"]
    assert answered, "and nobody waited for the compiler"
