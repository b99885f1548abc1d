"""The lab in a page that has more to do than it can."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, open_lab

# What a page does that was too busy to load a pane's module in time: the limit passes first.
OUT_OF_TIME = """AbortSignal.timeout = () => {
  const controller = new AbortController();
  queueMicrotask(() => controller.abort());
  return controller.signal;
};"""


def test_panes_that_came_late_hear_the_kernel(lab: LabPage) -> None:
    lab.page.add_init_script(OUT_OF_TIME)
    pane = open_lab(lab, "late", HEADLINE)
    pane.type_line('yo, yi = s["C"].split("y", 8)')
    expect(pane.loop("yi")).to_be_visible()
    expect(pane.steps).to_have_count(2)
    pane.select("yi")
    pane.apply("vectorize")
    expect(pane.loop("yi")).to_contain_text("vectorized(8)")
    lab.screenshot("late")
