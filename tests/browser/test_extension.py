"""The JupyterLab extension: launcher, panels, status, highlighting, in a real JupyterLab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import LabPage


@pytest.fixture
def desk(lab: LabPage) -> LabPage:
    """JupyterLab with nothing open but its launcher."""
    lab.page.goto(f"{lab.server.url}/lab?reset&token={lab.server.token}")
    lab.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget")
    return lab


def test_the_launcher_begins_a_notebook_of_a_template(desk: LabPage) -> None:
    tiles = desk.page.locator(".jp-Launcher-section", has_text="Tensor programs")
    expect(tiles.locator(".jp-LauncherCard")).to_have_count(5)
    desk.screenshot("extension-launcher")
    tiles.locator(".jp-LauncherCard", has_text="Softmax").click()
    expect(desk.page.locator(".jp-Notebook")).to_contain_text("t.placeholder((rows, columns)")


SCHEDULE = """import tvmlab as t
A = t.placeholder((64, 64), name="A")
B = t.compute((64, 64), lambda y, x: A[y, x] * 2, name="B")
s = t.create_schedule(B)"""


def test_the_docked_lab_follows_the_schedule_last_touched(lab: LabPage) -> None:
    lab.open(lab.write_notebook("docked.ipynb", SCHEDULE, 's["B"].split("x", 8)', "print(s.trace)"))
    lab.run_cell(0)
    lab.start("tvmlab:show-lab")
    dock = lab.page.locator("#tvmlab-dock")
    expect(dock.locator(".tv-dock-place")).to_have_text("s in docked.ipynb")
    expect(dock.locator('.tv-loop[data-loop="x"]')).to_be_visible()
    lab.run_cell(1)
    dock.locator('.tv-loop[data-loop="xo"]').click()
    dock.get_by_role("tab", name="Schedule", exact=True).click()
    lane = dock.locator(".tv-lane input")
    lane.fill('s["B"].parallel("y")')
    lane.press("Enter")
    expect(dock.locator(".tv-step")).to_have_count(3)
    lab.screenshot("extension-docked")
    lab.run_cell(2)
    expect(lab.output(2)).to_contain_text('parallel("y")')
