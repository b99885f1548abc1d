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
