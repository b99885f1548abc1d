"""The legal moves in JupyterLab: told at once, measured on request, found by typing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, LabPane, open_lab
from tests.patience import eventually

SMALL = HEADLINE.replace("1024", "128")
TILED = 'yo, xo, yi, xi = s["C"].tile("y", "x", 8, 16)'


@pytest.fixture
def pane(lab: LabPage) -> LabPane:
    """A lab of a small product."""
    return open_lab(lab, "moves", SMALL)


def test_moves_are_told_measured_and_taken(lab: LabPage, pane: LabPane) -> None:
    pane.type_line(TILED)
    pane.type_line('s["C"].reorder("yo", "xo", "k", "yi", "xi")')
    expect(pane.steps).to_have_count(3)
    pane.select("xi")
    moves = pane.pane("moves")
    rows = moves.locator("tbody tr")
    expect(moves.locator("td.tv-told", has_text="×").first).to_be_visible(timeout=SLOW_MS)
    ratios = moves.locator("td.tv-told .tv-num").all_inner_texts()
    assert ratios == sorted(ratios, key=lambda text: float(text[1:].replace(",", "")))
    expect(moves.locator(".tv-not-legal").first).to_contain_text("not legal:")
    lab.screenshot("moves-told")

    pane.button("moves", "Measure moves").click()
    expect(pane.button("moves", "Stop")).to_be_visible()
    first = rows.first.locator("td.tv-timed")
    expect(first).to_contain_text(re.compile("faster|slower|can't tell"), timeout=SLOW_MS)
    pane.button("moves", "Stop").click()
    expect(pane.button("moves", "Measure moves")).to_be_visible(timeout=SLOW_MS)
    moves.get_by_role("button", name="Measured").click()
    lab.screenshot("moves-measured")

    lane = moves.locator(".tv-offer", has_text="vectorize")
    lane.focus()
    lab.page.keyboard.press("Enter")
    expect(moves.locator(".tv-line")).to_have_text('s["C"].vectorize("xi")')
    lab.screenshot("moves-chosen")
    lab.page.keyboard.press("Enter")
    expect(pane.loop("xi")).to_contain_text("vectorized(16)")


def test_the_palette_takes_moves_and_commands(lab: LabPage, pane: LabPane) -> None:
    pane.select("y")
    lab.page.keyboard.press("Control+k")
    palette = pane.root.get_by_role("dialog", name="Commands of the lab")
    search = palette.get_by_role("combobox", name="Search moves and commands")
    expect(search).to_be_focused()
    search.fill("split 16")
    expect(palette.get_by_role("option").first).to_contain_text('split("y", 16)')
    for theme in ("Dark", "Light"):
        lab.change_theme(theme)
        lab.screenshot(f"palette-{theme.lower()}")
    search.press("Enter")
    expect(palette).not_to_be_visible()
    expect(pane.loop("yo")).to_be_visible()
    pane.loop("yi").click()
    lab.page.keyboard.press("Control+k")
    search.fill("undo")
    search.press("Enter")
    expect(pane.loop("y")).to_be_visible()
    pane.button("moves", "Commands").click()
    search.fill("go to tile")
    expect(palette.get_by_role("option")).to_have_count(0)
    search.fill("copy schedule")
    palette.get_by_role("option").first.click()
    eventually(
        lambda: lab.page.evaluate("navigator.clipboard.readText()").startswith(
            "s = t.create_schedule(C)"
        )
    )
    pane.button("moves", "Commands").click()
    search.fill("go to split")
    search.press("Enter")
    expect(pane.loop("yo")).to_be_visible()
    pane.button("moves", "Commands").click()
    search.fill("go to beginning")
    search.press("Enter")
    expect(pane.loop("y")).to_be_visible()
    pane.button("moves", "Commands").click()
    search.fill("show measure")
    palette.get_by_role("option").first.click()
    expect(pane.button("measure", "Measure")).to_be_visible()
    pane.button("moves", "Commands").click()
    lab.page.keyboard.press("Escape")
    expect(palette).not_to_be_visible()
    assert "Traceback" not in lab.output(0).inner_text()

    pane.select("y")
    for look in lab.looks((1280, 800), (560, 800)):
        pane.pane("moves").scroll_into_view_if_needed()
        lab.screenshot(f"moves-{look}")
