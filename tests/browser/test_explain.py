"""The explanation in a browser: it follows the program, leads to loops, and thinks of machines."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, open_lab


def test_the_explanation_follows_the_program(lab: LabPage) -> None:
    pane = open_lab(lab, "explain", HEADLINE)
    explain = pane.pane("explain")
    pane.tab("Explain")
    expect(explain.locator(".tv-facts")).to_contain_text("B jumps 4.1 kB", timeout=SLOW_MS)
    explain.get_by_role("button", name="C computes one element").click()
    expect(pane.pane("moves").locator(".tv-bar b")).to_have_text("k")
    idea = explain.locator(".tv-idea").first
    expect(idea).to_be_visible(timeout=SLOW_MS)
    line = idea.inner_text()
    idea.focus()
    lab.page.keyboard.press("Enter")
    expect(pane.steps.last).to_contain_text(line)
    expect(explain.locator(".tv-explain-body.tv-stale")).to_have_count(0, timeout=SLOW_MS)
    explain.get_by_role("slider", name="Cores").focus()
    lab.page.keyboard.press("End")
    expect(explain.get_by_role("status").first).to_contain_text("cores 64", timeout=SLOW_MS)
    for look in lab.looks((1280, 900), (560, 900)):
        pane.show()
        lab.screenshot(f"explain-{look}")
    explain.get_by_role("button", name="This machine").click()
    expect(explain.get_by_role("status").first).to_contain_text("As told", timeout=SLOW_MS)
