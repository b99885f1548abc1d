"""The measure pane in JupyterLab: certified and compared, the roofline, the price of each step."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, LabPane, open_lab

SMALL = HEADLINE.replace("1024", "192")
STEPS = (
    'yo, xo, yi, xi = s["C"].tile("y", "x", 4, 16)',
    's["C"].reorder("yo", "xo", "k", "yi", "xi")',
    's["C"].vectorize("xi")',
    's["C"].unroll("yi")',
)


def test_measured_compared_and_priced_by_mouse_and_keyboard(lab: LabPage) -> None:
    pane = open_lab(lab, "measure", SMALL)
    pane.tab("Measure")
    measure = pane.pane("measure")
    rows = measure.locator(".tv-history tbody tr")

    pane.button("measure", "Measure").click()
    expect(rows).to_have_count(1, timeout=SLOW_MS)
    pane.button("measure", "Pin this state").click()
    expect(pane.button("measure", "Compare")).to_be_disabled()
    for line in STEPS:
        pane.type_line(line)
    expect(pane.steps).to_have_count(len(STEPS) + 1)

    # The rest by keyboard alone.
    pane.button("measure", "Measure").focus()
    lab.page.keyboard.press("c")
    expect(pane.button("measure", "Cancel")).to_be_focused()
    lab.page.keyboard.press("Escape")
    expect(pane.button("measure", "Measure")).to_be_focused(timeout=SLOW_MS)
    lab.page.keyboard.press("m")
    expect(rows).to_have_count(2, timeout=SLOW_MS)
    lab.page.keyboard.press("v")
    expect(measure.locator(".tv-duel b")).to_have_text("▲ faster", timeout=SLOW_MS)
    lab.screenshot("measure-result")

    measure.get_by_role("tab", name="Result").focus()
    lab.page.keyboard.press("ArrowRight")
    expect(measure.locator(".tv-point")).to_have_count(2)
    expect(measure.locator(".tv-roofline-words")).to_contain_text("one thread")
    measure.get_by_role("tab", name="Roofline").focus()
    lab.page.keyboard.press("t")
    expect(measure.get_by_role("table").first).to_contain_text("binds this program")
    lab.page.keyboard.press("t")

    measure.get_by_role("tab", name="Waterfall").click()
    pane.button("measure", "Price the steps").click()
    prices = measure.locator(".tv-waterfall tbody tr")
    expect(prices).to_have_count(len(STEPS))
    expect(measure.locator(".tv-waterfall .tv-done")).to_have_count(len(STEPS), timeout=SLOW_MS)
    expect(prices.first).to_contain_text("needs it")
    expect(prices.nth(2)).not_to_contain_text("needs it")
    measure.get_by_role("tab", name="History").click()
    rows.last.get_by_role("button").click()
    expect(pane.loop("y")).to_be_visible()
    pictures(lab, pane)
    assert "Traceback" not in lab.output(0).inner_text()


def pictures(lab: LabPage, pane: LabPane) -> None:
    """Each part of the pane in each theme, wide and narrow, with nothing sticking out."""
    measure = pane.pane("measure")
    measure.locator(".tv-history tbody tr").first.get_by_role("button").click()
    expect(pane.loop("xi")).to_be_visible()
    for look in lab.looks((1280, 800), (560, 900)):
        for name in ("Result", "Roofline", "Waterfall", "History"):
            measure.get_by_role("tab", name=name).click()
            measure.evaluate("node => node.scrollIntoView({block: 'end'})")
            lab.screenshot(f"measure-{name.lower()}-{look}", measure)
            assert measure.evaluate("node => node.scrollWidth <= node.clientWidth"), (name, look)
