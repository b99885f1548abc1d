"""The first notebook as it is shipped, and the first gain that it and the README promise."""

from __future__ import annotations

import json
import re

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import SLOW_MS, LabPane, forget_saved_steps

NOTEBOOK = "01_matmul.ipynb"


def position(lab: LabPage, cell: str) -> int:
    """Where the cell with that id stands in the notebook."""
    cells = json.loads((lab.server.root / NOTEBOOK).read_text())["cells"]
    return [entry["id"] for entry in cells].index(cell)


def median_s(pane: LabPane, row: int) -> float:
    """The median that a row of the history shows."""
    cells = pane.pane("measure").locator(".tv-history tbody tr").nth(row).locator("td")
    number, unit = re.findall(r"([\d.]+)\s*(ms|µs|us|s)\b", cells.nth(3).inner_text())[0]
    return float(number) * {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}[unit]


def test_three_clicks_to_a_first_gain(lab: LabPage) -> None:
    forget_saved_steps(lab)
    lab.open(NOTEBOOK)
    lab.hide_files()
    lab.run_cell(position(lab, "expression"))
    lab.run_cell(position(lab, "lab"))
    pane = LabPane(lab, position(lab, "lab"))
    expect(pane.loop("x")).to_be_visible()
    pane.show()
    pane.tab("Measure")
    pane.button("measure", "Measure").click()
    history = pane.pane("measure").locator(".tv-history tbody tr")
    expect(history).to_have_count(1, timeout=SLOW_MS)

    pane.loop("x").click()
    pane.pane("moves").locator('[data-step="reorder"]').click()
    pane.button("moves", "Apply").click()
    expect(pane.steps.last).to_contain_text('s["C"].reorder("k", "x")')

    pane.button("measure", "Measure").click()
    expect(history).to_have_count(2, timeout=SLOW_MS)
    lab.screenshot("notebook-first-gain")
    times_s = sorted(median_s(pane, row) for row in range(2))
    assert times_s[1] > 3 * times_s[0]
