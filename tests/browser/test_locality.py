"""The locality pane: followed when it is looked at, scrubbed, compared, and read as tables."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, open_lab


def test_accesses_are_followed_scrubbed_and_compared(lab: LabPage) -> None:
    pane = open_lab(lab, "locality", HEADLINE)
    pane.tab("Locality")
    shown = pane.pane("locality")
    expect(shown.locator("canvas")).to_have_count(3, timeout=SLOW_MS)
    expect(shown.get_by_role("status").first).to_contain_text("y = 64 of 1024")
    slider = shown.get_by_role("slider")
    slider.fill("1000")
    expect(shown.locator(".tv-clock")).to_have_text("1,001 of 266,240")
    slider.press("ArrowRight")
    expect(shown.locator(".tv-clock")).to_have_text("1,002 of 266,240")
    pane.button("locality", "Next iteration of y").click()
    expect(shown.locator(".tv-loop-values")).to_contain_text("y = 1")
    shown.locator("canvas").first.press("Home")
    expect(shown.locator(".tv-said")).to_contain_text("A, row 0, column 0: last touched")

    pane.type_line('yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)')
    pane.type_line('s["C"].reorder("yo", "xo", "k", "yi", "xi")')
    expect(shown.locator(".tv-against")).to_contain_text("fewer L1 misses", timeout=SLOW_MS)
    slider.fill("30000")
    expect(shown.locator(".tv-clock")).to_have_text("30,001 of 266,240")
    pane.pane("program").get_by_role("combobox").select_option("reuse")
    expect(pane.loop("k").locator(".tv-loop-figure")).to_contain_text("4.35 kB: C")
    lab.screenshot("locality-last")
    pane.button("locality", "Times touched").press("Enter")
    expect(pane.button("locality", "Times touched")).to_have_attribute("aria-pressed", "true")
    lab.screenshot("locality-times")
    pane.button("locality", "Play").click()
    expect(shown.locator(".tv-clock")).not_to_have_text("30,001 of 266,240")
    pane.button("locality", "Pause").press("Enter")
    for look in lab.looks((1280, 800), (1920, 1080), (560, 900)):
        shown.evaluate("node => node.scrollIntoView({block: 'end'})")
        lab.screenshot(f"locality-{look}")
    pane.button("locality", "Table").click()
    expect(shown.locator("canvas, svg")).to_have_count(0)
    expect(shown.get_by_role("table")).to_have_count(3)
    lab.screenshot("locality-table")
