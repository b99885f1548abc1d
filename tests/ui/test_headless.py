"""A notebook with a lab runs where nobody looks, and what it leaves can be read everywhere."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.patience import PATIENCE_S
from tvmlab.ui.lab import SNAPSHOT_MIME

SOURCE = """import tvmlab as t
A = t.placeholder((64,), name="A")
B = t.compute((64,), lambda i: A[i] * 2.0, name="B")
lab = t.Lab(B)
lab"""


def test_a_lab_renders_as_text_without_a_browser(tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell(SOURCE),
        nbformat.v4.new_code_cell(
            "lab.do(intent='apply', line='s[\"B\"].split(\"i\", 8)'); print(lab)"
        ),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook,
        timeout=int(PATIENCE_S),
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
        store_widget_state=False,
    )
    client.execute()
    live, picture = notebook.cells[0].outputs
    assert live.data["text/plain"] == ""
    assert "for i in range(64):" in picture.data["text/plain"]
    assert picture.data[SNAPSHOT_MIME]["name"] == "B"
    assert 'io, ii = s["B"].split("i", 8)' in notebook.cells[1].outputs[-1].text
