"""The notebook of the schedule language takes every step there is, and each result is right."""

from __future__ import annotations

import nbformat
import pytest

from tests.notebooks.running import ROOT, executed_cells, text_of
from tvmlab.schedule import STEPS

PATH = ROOT / "notebooks" / "02_schedule_language.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, nbformat.NotebookNode]:
    return executed_cells(PATH, tmp_path_factory.mktemp("language"))


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_taken_in_a_cell_of_its_own(
    cells: dict[str, nbformat.NotebookNode], name: str
) -> None:
    cell = cells[name.replace("_", "-")]
    assert f".{name}(" in cell.source
    assert cell.source.endswith("show(s)")
    shown = text_of(cell)
    assert shown.startswith("def "), "the program is printed"
    assert " elements agree" in shown.splitlines()[-1]
    words = cells[f"{name.replace('_', '-')}-words"].source
    assert words.startswith(f"### {name}\n\n")
    assert words.count(". ") + words.count(".\n") >= 1, "two sentences"


def test_a_refusal_shows_two_iterations(cells: dict[str, nbformat.NotebookNode]) -> None:
    assert "iterations k=0 and k=1 both add to C[0, 0]" in text_of(cells["parallel-refused"])


def test_the_page_says_how_many_steps_there_are(cells: dict[str, nbformat.NotebookNode]) -> None:
    assert text_of(cells["end"]).startswith(f"{len(STEPS)} steps: {', '.join(STEPS)}\n")
