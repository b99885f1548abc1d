"""Notebooks run as a reader runs them: from the top, in a folder of their own."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
TRIALS = "4"


def executed_cells(path: Path, folder: Path) -> dict[str, nbformat.NotebookNode]:
    """The cells of the notebook at `path` by id, after it ran in `folder` with few trials."""
    notebook = nbformat.read(path, as_version=4)
    known = os.environ.get("PYTHONPATH")
    found = os.pathsep.join([str(ROOT), known] if known else [str(ROOT)])
    client = NotebookClient(
        notebook,
        timeout=int(PATIENCE_S),
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, "PYTHONPATH": found, "TVMLAB_NOTEBOOK_TRIALS": TRIALS})
    return {cell["id"]: cell for cell in notebook.cells}


def text_of(cell: nbformat.NotebookNode) -> str:
    """All that a cell shows to someone without a browser."""
    shown = [o.get("text") or o.get("data", {}).get("text/plain", "") + "\n" for o in cell.outputs]
    return "".join(shown)
