"""What a lab begins with: the steps of the last session, or a trace that is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.view.fake_engine import FakeEngine
from tests.view.product import TILE, product
from tvmlab.view import LabView


def test_the_steps_of_the_last_session_come_back(engine: FakeEngine, tmp_path: Path) -> None:
    LabView(product(), engine, folder=tmp_path).do({"intent": "apply", "line": TILE})
    again = LabView(product(), engine, folder=tmp_path)
    snapshot = again.snapshot()
    assert [line["text"] for line in snapshot["trace"]["lines"]] == [TILE]
    assert snapshot["program"]["notice"] == "Restored 1 step of the last session."
    other = LabView(product(512), engine, folder=tmp_path)
    assert other.snapshot()["trace"]["lines"] == []
    fresh = LabView(product(), engine, folder=tmp_path, restore=False)
    assert fresh.snapshot()["trace"]["lines"] == []
    cleared: Any = again.do({"intent": "start_over"})
    assert cleared["trace"]["lines"] == []
    assert list(tmp_path.glob("*.trace.json")) == []
    kept = [[x["text"] for x in b["lines"]] for b in cleared["branches"]["branches"]]
    assert kept == [[TILE], []]


@pytest.mark.parametrize("content", ["", "{", '{"tvmlab_trace": 2, "steps": []}', "[1]", "\udcff"])
def test_a_spoiled_save_is_passed_over(engine: FakeEngine, tmp_path: Path, content: str) -> None:
    LabView(product(), engine, folder=tmp_path).do({"intent": "apply", "line": TILE})
    (file,) = tmp_path.iterdir()
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert LabView(product(), engine, folder=tmp_path).snapshot()["trace"]["lines"] == []


def test_a_trace_may_be_given_as_json_or_python(engine: FakeEngine, tmp_path: Path) -> None:
    by_line = LabView(product(), engine, trace=TILE, folder=tmp_path)
    assert by_line.state.depth == 1
    view = LabView(product(), engine, folder=tmp_path)
    given = (
        '{"tvmlab_trace": 1, "workload": null, "steps": '
        '[{"step": "parallel", "block": "C", "loop": "y"}]}'
    )
    loaded: Any = view.do({"intent": "load_trace", "text": given})
    assert loaded["trace"]["lines"][0]["text"] == 's["C"].parallel("y")'
    refused: Any = view.do({"intent": "load_trace", "text": given.replace('"y"', '"k"')})
    assert "step 1" in refused["why"]
