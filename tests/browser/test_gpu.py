"""The GPU pane: empty, then threads on a buffer, accesses, occupancy and another GPU."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, open_lab

BOUND = """yo, xo, yi, xi = s["C"].tile("y", "x", 16, 16)
s["C"].reorder("yo", "xo", "yi", "xi", "k")
s["C"].bind("yo", "blockIdx.y")
s["C"].bind("xo", "blockIdx.x")
s["C"].bind("xi", "threadIdx.y")
s["C"].bind("yi", "threadIdx.x")"""


def test_threads_accesses_and_occupancy_are_looked_into(lab: LabPage) -> None:
    pane = open_lab(lab, "gpu", HEADLINE)
    pane.tab("GPU")
    shown = pane.pane("gpu")
    expect(shown.locator(".tv-empty").first).to_contain_text("No loop is bound", timeout=SLOW_MS)
    lab.screenshot("gpu-empty")
    pane.button("gpu", "Choose a loop to bind").click()
    expect(pane.pane("moves").locator(".tv-bar b")).to_have_text("y")

    for line in BOUND.splitlines():
        pane.type_line(line)
    shown.evaluate("node => node.scrollIntoView({block: 'end'})")
    load = shown.locator(".tv-accesses tr", has_text="load A")
    expect(load).to_contain_text("2", timeout=SLOW_MS)
    expect(shown.locator(".tv-accesses tr", has_text="store C")).to_contain_text("16 of 4")
    store = pane.button("gpu", "store C")
    store.click()
    expect(store).to_have_attribute("aria-pressed", "true")
    expect(shown.locator(".tv-said")).to_contain_text("256 threads store 256 elements")
    pane.button("gpu", "Next block.x").press("Enter")
    expect(shown.locator(".tv-loop-values")).to_contain_text("block.x = 1")
    shown.locator("canvas").press("Home")
    expect(shown.locator(".tv-said")).to_contain_text("C, row 0, column 16: thread 0 (0, 0, 0)")
    for look in lab.looks((1280, 800), (1920, 1080), (560, 900)):
        shown.evaluate("node => node.scrollIntoView({block: 'end'})")
        lab.screenshot(f"gpu-{look}")

    pane.button("gpu", "load B").click()
    slider = shown.get_by_role("slider", name="Iteration")
    slider.fill("5")
    expect(shown.locator(".tv-loop-values")).to_contain_text("k = 5")
    slider.press("ArrowRight")
    expect(shown.locator(".tv-loop-values")).to_contain_text("k = 6")
    shown.get_by_label("GPU", exact=True).select_option("T4")
    expect(shown.locator(".tv-kernel").first).to_contain_text("of the T4")
    shown.get_by_role("slider", name="Registers").fill("0")
    expect(shown.get_by_role("status").first).to_contain_text("registers 16 K")
    pane.button("gpu", "Table").click()
    expect(shown.locator("canvas")).to_have_count(0)
    expect(shown.get_by_role("table").first).to_be_visible()
    lab.screenshot("gpu-table")

    shown.get_by_label("Target").select_option("opencl")
    pane.tab("Code")
    expect(pane.pane("code")).to_contain_text("OpenCL C", timeout=SLOW_MS)
    pane.tab("GPU")
    pane.button("trace", "Undo").click()
    shown.get_by_label("Target").select_option("cpu")
    pane.tab("Code")
    expect(pane.pane("code")).to_contain_text("Assembly", timeout=SLOW_MS)
