"""Every notebook runs from top to bottom without a browser, and is committed without outputs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.running import ROOT, executed_cells, text_of
from tests.notebooks.test_schedule_language import PATH as LANGUAGE

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST = ROOT / "notebooks" / "01_matmul.ipynb"
SNAPSHOT = "application/vnd.tvmlab.snapshot+json"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, nbformat.NotebookNode]:
    """The cells of the first notebook by id, after it ran in an empty folder with few trials."""
    return executed_cells(FIRST, tmp_path_factory.mktemp(FIRST.stem))


def test_those_with_tests_of_their_own_are_there() -> None:
    assert {FIRST, LANGUAGE} <= set(NOTEBOOKS)


@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if p not in (FIRST, LANGUAGE)], ids=lambda path: path.stem
)
def test_every_other_notebook_runs(path: Path, tmp_path: Path) -> None:
    assert executed_cells(path, tmp_path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_as_it_is_to_be_read_first(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), cell["id"]
        assert all(len(line) <= 100 for line in cell.source.splitlines()), cell["id"]


def test_every_lab_shows_as_text(executed: dict[str, nbformat.NotebookNode]) -> None:
    labs = [cell for cell in executed.values() if "t.Lab(" in cell.source.splitlines()[-1]]
    assert labs
    for cell in labs:
        assert "Schedule:\n  s = t.create_schedule(" in text_of(cell), cell["id"]
        [picture] = [o.data for o in cell.outputs if SNAPSHOT in o.get("data", {})]
        assert "<script" not in picture["text/html"]
        assert picture[SNAPSHOT]["trace"]["tvmlab_trace"] == 1


def test_the_schedules_are_refused_checked_and_timed(
    executed: dict[str, nbformat.NotebookNode],
) -> None:
    assert "def C(A: float32[1024, 1024], B: float32[1024, 1024]" in text_of(executed["lab"])
    assert "for yo in range(32):" in text_of(executed["schedule"])
    assert 's["C"].vectorize("xi")' in text_of(executed["smaller"])
    refusal = text_of(executed["refusal"])
    assert "iterations k=0 and k=1 both add to C[0, 0]" in refusal
    assert "instead: " in refusal
    assert "All 1048576 elements agree" in text_of(executed["check"])
    assert "ms (±" in text_of(executed["check"])
    difference = float(text_of(executed["build"]).splitlines()[0].rpartition(" ")[2])
    assert 0 < difference < 1e-2


def test_the_tuned_schedule_can_be_read_and_opened(
    executed: dict[str, nbformat.NotebookNode],
) -> None:
    assert "median_s" in text_of(executed["wait"])
    lines = text_of(executed["best"]).splitlines()
    steps = [line for line in lines if 's["C"].' in line]
    assert steps
    assert {line.split()[0] for line in lines[-2:]} == {"tuned", "by"}
    assert all(step in text_of(executed["best-lab"]) for step in steps)


def test_the_holes_are_filled(executed: dict[str, nbformat.NotebookNode]) -> None:
    shown = text_of(executed["holes"])
    assert re.search(r"the fastest of 4 is \{'rows': \d+, 'lanes': \d+\}", shown), shown
