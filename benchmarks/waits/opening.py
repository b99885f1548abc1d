"""Labs that appear: the first of a kernel, later ones, a long one, and one in a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from nbconvert import HTMLExporter

from benchmarks.waits.desk import SCRIPT, Desk, Waits, told_seconds
from benchmarks.waits.lines import LONG, variants
from tests.browser.lab_pane import HEADLINE


def shown_anew(desk: Desk, cell: int) -> list[float]:
    """Run the cell, again if it was, and wait for the lab that it shows; as `desk.wait`."""
    desk.page.evaluate(f"jupyterapp.shell.currentWidget.content.activeCellIndex = {cell}")
    desk.page.evaluate("tv.all('.tv-program').forEach((node) => { node.dataset.old = '1' })")
    mark = "() => tv.one('.tv-program:not([data-old]) .tv-row') !== null"
    took = desk.wait("jupyterapp.commands.execute('notebook:run-cell')", mark)
    desk.lab.wait_idle()
    return took


def painting(desk: Desk, count: int) -> Iterator[Waits]:
    """The cell that shows a lab, run again and again; the first time it imports all there is."""
    cold, warm = [], []
    for _ in range(2):
        desk.lab.open(desk.lab.write_notebook(f"paint-{time.time_ns()}.ipynb", HEADLINE))
        desk.page.evaluate(SCRIPT)
        cold.append(shown_anew(desk, 0))
    warm.extend(shown_anew(desk, 0) for _ in range(count))
    yield told_seconds("first lab of a kernel -> painted, imports too", 1.0, cold, 0)
    yield told_seconds("lab -> first paint", 1.0, warm, 0)


def opening(desk: Desk, count: int) -> Iterator[Waits]:
    """A lab of ten thousand lines, shown by a cell of its own."""
    desk.open(LONG, "t.Lab(start, restore=False)")
    waits = [shown_anew(desk, 1) for _ in range(count)]
    yield told_seconds("lab of 10,000 lines -> first paint", 1.15, waits, 0)
    new = "() => (tv.one('.tv-program .tv-summary').textContent !== '') === isNew"
    applied, undone = [], []
    for n in range(count):
        line = f's["B{n + 7}"].split("y", 8)'
        applied.append(desk.wait("tv.type(line)", new, line=line, isNew=True))
        desk.page.wait_for_timeout(1500)
        undone.append(desk.wait("tv.press('trace', 'Undo')", new, isNew=False))
        desk.page.wait_for_timeout(1500)
    yield told_seconds("apply among 10,000 lines", 0.1, applied, 0)
    yield told_seconds("undo among 10,000 lines", 0.05, undone, 0)


def exporting(desk: Desk, count: int) -> Iterator[Waits]:
    """A notebook with a lab of five steps, as HTML that fetches nothing."""
    pane = desk.open(HEADLINE)
    for line in (
        next(variants(1)),
        's["C"].reorder("yo", "xo", "k", "yi", "xi")',
        's["C"].vectorize("xi")',
        's["C"].unroll("yi")',
        's["C"].parallel("yo")',
    ):
        steps = pane.steps.count()
        pane.type_line(line)
        desk.page.wait_for_function(f"tv.all('.tv-trace .tv-step').length > {steps}")
    desk.page.wait_for_timeout(1500)
    desk.lab.save()
    path = desk.page.evaluate("jupyterapp.shell.currentWidget.context.path")
    html, _ = HTMLExporter().from_filename(str(Path(desk.lab.server.root) / path))
    yield Waits("static export", 1e6, [float(len(html.encode()))], "B")
