"""Every notebook that the launcher begins runs, up to its tuner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.view.fake_engine import FakeEngine
from tvmlab.ui import lab as lab_module

TEMPLATES = sorted(
    (Path(__file__).parents[2] / "extension" / "src" / "lab" / "templates").glob("*.json")
)


def test_there_are_the_five_that_the_launcher_names() -> None:
    assert {path.stem for path in TEMPLATES} == {
        "attention",
        "conv2d",
        "matmul",
        "scratch",
        "softmax",
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_cells_run(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lab_module, "Machine", lambda *_: FakeEngine())
    monkeypatch.chdir(tmp_path)
    variables: dict[str, Any] = {}
    for cell in json.loads(path.read_text())["cells"]:
        if cell["type"] == "code" and "t.tune(" not in cell["source"]:
            exec(cell["source"], variables)
    lab = variables["lab"]
    assert lab.view.snapshot()["program"]["lines"]
    lab.close()
