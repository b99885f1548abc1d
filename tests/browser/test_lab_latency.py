"""How long a user waits for the lab: every press redraws, and the figures are printed."""

from __future__ import annotations

import time
from statistics import median, quantiles

from playwright.sync_api import expect

from tests.browser.lab_page import SLOW_MS, LabPage
from tests.browser.lab_pane import HEADLINE, LabPane, forget_saved_steps

# Presses a button and waits, in the browser, for the frame after the program was redrawn.
PRESS = """([button, canvas, patience]) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`${button.textContent} redrew nothing`)), patience);
  const began = performance.now();
  const observer = new MutationObserver(() => {
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - began));
  });
  observer.observe(canvas, { childList: true, subtree: true });
  button.click();
})"""


def test_apply_and_undo_are_prompt(lab: LabPage) -> None:
    forget_saved_steps(lab)
    lab.open(lab.write_notebook("latency.ipynb", HEADLINE))
    began = time.monotonic()
    lab.start_cell(0)
    pane = LabPane(lab)
    expect(pane.loop("y")).to_be_visible()
    first_paint_s = time.monotonic() - began
    lab.finish()
    pane.pane("moves").locator(".tv-empty").wait_for()
    pane.tab("Measure")
    pane.select("y")
    pane.choose("tile", factors="32, 32")
    expect(pane.pane("moves").locator(".tv-line")).to_contain_text("32, 32")
    canvas = pane.pane("program").locator(".tv-rows-sizer").element_handle()
    apply = pane.button("moves", "Apply").element_handle()
    undo = pane.button("trace", "Undo").element_handle()
    applied, undone = [], []
    for _ in range(25):
        applied.append(lab.page.evaluate(PRESS, [apply, canvas, SLOW_MS]))
        expect(pane.loop("yo")).to_be_visible()
        expect(pane.button("trace", "Undo")).to_be_enabled()
        undone.append(lab.page.evaluate(PRESS, [undo, canvas, SLOW_MS]))
        expect(pane.loop("y")).to_be_visible()
        pane.select("y")
        pane.choose("tile", factors="32, 32")
        expect(pane.pane("moves").locator(".tv-line")).to_contain_text('"y", "x", 32, 32')
    print(f"first paint {first_paint_s:.2f} s, the imports included")
    for name, times in (("apply -> program on screen", applied), ("undo", undone)):
        print(f"{name}: median {median(times):.0f} ms, 95 % {quantiles(times, n=20)[-1]:.0f} ms")
