"""Branches in a browser: what is undone stays, is measured, compared with and picked from."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, LabPane, open_lab

TILE = 'yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)'
REORDER = 's["C"].reorder("yo", "xo", "k", "yi", "xi")'


@pytest.fixture
def pane(lab: LabPage) -> LabPane:
    return open_lab(lab, "branches", HEADLINE)


def test_two_schedules_side_by_side(lab: LabPage, pane: LabPane) -> None:
    branches = pane.pane("branches")
    for line in (TILE, REORDER, 's["C"].vectorize("xi")'):
        pane.type_line(line)
        expect(pane.steps.last).to_contain_text(line[-12:])
    pane.tab("Branches")
    branches.get_by_role("button", name=TILE).hover()
    branches.get_by_role("button", name="Pin", exact=True).first.click()
    expect(branches.get_by_role("status")).to_contain_text("Pinned: step 1")
    pane.button("program", "Since pinned").click()
    expect(pane.pane("program").locator(".tv-summary")).to_contain_text("+")
    pane.button("trace", "Undo").click()
    pane.type_line('s["C"].parallel("yo")')
    expect(branches.locator(".tv-branch")).to_have_count(2)
    expect(branches).to_contain_text("after step 2 of main")
    pane.tab("Measure")
    pane.button("measure", "Measure").click()
    pane.tab("Branches")
    expect(branches.locator(".tv-branch-time").first).to_be_visible(timeout=SLOW_MS)
    # By keyboard: the name, then the step of the other branch.
    rename = branches.get_by_role("button", name="Rename").last
    rename.focus()
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.type("on threads, with a name that is quite long")
    lab.page.keyboard.press("Enter")
    expect(branches.get_by_role("button", name="on threads")).to_be_visible()
    branches.get_by_role("button", name="Pick").last.focus()
    lab.page.keyboard.press("Enter")
    expect(pane.steps.last).to_contain_text("vectorize")
    for look in lab.looks((1280, 900), (560, 900)):
        pane.show()
        lab.screenshot(f"branches-{look}")
    with lab.page.expect_download() as download:
        pane.button("trace", "Save").click()
    document = json.loads(download.value.path().read_text())
    assert [step["step"] for step in document["steps"]] == [
        "tile", "reorder", "parallel", "vectorize",
    ]  # fmt: skip
