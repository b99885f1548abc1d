"""Loop programs, LLVM IR and PTX in their colours: in files, cells and outputs."""

from __future__ import annotations

import nbformat
from playwright.sync_api import Locator, expect

from tests.browser.lab_page import LabPage
from tests.browser.test_extension import PTX, SCHEDULE, SLOW_MS

LLVM = "define float @twice(float %a) {\n  %b = fadd float %a, %a ; a sum\n  ret float %b\n}\n"
LOOPS = """def B(A: float32[8], B: float32[8]):
    for x in range(8):
        with block("B", vx=x):
            B[vx] = A[vx] * 2.0  # a product
"""


def coloured(place: Locator, text: str) -> Locator:
    """The piece of code `text` in `place`, in a colour that the rest of its line has not."""
    return place.locator("span", has_text=text).first


def colour(piece: Locator) -> str:
    return str(piece.evaluate("node => getComputedStyle(node).color"))


def write_notebook(lab: LabPage) -> str:
    """Cells of every language, one of them raw, and some that end with code."""
    make, raw = nbformat.v4.new_code_cell, nbformat.v4.new_raw_cell
    cells = [
        make(f"%load_ext tvmlab\n{SCHEDULE}\ns"),
        make(f"%%llvm\n{LLVM}"),
        make(f"%%loops doubled\n{LOOPS}"),
        make(f"%%ptx\n{PTX}"),
        make('s.code("llvm")'),
        make(f"%%writefile twice.ll\n{LLVM}"),
        raw(PTX, metadata={"raw_mimetype": "text/x-ptx"}),
    ]
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=spec)
    nbformat.write(notebook, lab.server.root / "languages.ipynb")
    return "languages.ipynb"


def test_code_has_its_colours_in_cells_outputs_and_files(lab: LabPage) -> None:
    lab.open(write_notebook(lab))
    lab.start("notebook:run-all-cells")
    expect(lab.output(0)).to_contain_text("for y in range(64)", timeout=SLOW_MS)
    comments = {1: "; a sum", 2: "# a product", 3: "// a sum", 5: "; a sum", 6: "// a sum"}
    for index, comment in comments.items():
        piece = coloured(lab.cell(index).locator(".cm-content"), comment)
        expect(piece).to_have_text(comment, timeout=SLOW_MS)
    expect(lab.output(1).locator(".tv-code-output")).to_contain_text("twice", timeout=SLOW_MS)
    written = lab.output(2).locator(".tv-code-output")
    assert colour(coloured(written, "for")) != colour(written)
    expect(lab.output(4)).to_contain_text("define", timeout=SLOW_MS)
    assert colour(coloured(lab.output(4), "define")) != colour(lab.output(4))
    expect(lab.output(5)).to_contain_text("Writing twice.ll")
    first = lab.cell(1).locator(".cm-content")
    first.click()
    lab.page.keyboard.press("Control+Home")
    lab.page.keyboard.insert_text("x = 1  # ")  # Python once more
    expect(coloured(first, "# %%llvm")).to_be_visible()
    lab.page.keyboard.press("Control+z")
    lab.hide_files()
    for look in lab.looks((1280, 1400)):
        lab.screenshot(f"extension-languages-{look}")
    (lab.server.root / "double.tir").write_text(LOOPS)
    for name, comment in {"twice.ll": "; a sum", "double.tir": "# a product"}.items():
        lab.page.evaluate("path => {jupyterapp.commands.execute('docmanager:open', {path})}", name)
        line = lab.page.locator(".jp-FileEditor:visible .cm-line span", has_text=comment)
        expect(line).to_be_visible(timeout=SLOW_MS)
        lab.screenshot(f"extension-{name.partition('.')[2]}")
