"""JupyterLab and a browser for the tests in this folder, all of which are marked `browser`."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import server
from tests.browser.lab_page import SCREENSHOTS, SLOW_MS, LabPage

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=SLOW_MS)  # a busy machine takes longer than the 5 s that are usual
VIEWPORT = {"width": 1280, "height": 800}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take a picture of the page of a failed test while it is still there."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if call.when == "call" and report.failed and page is not None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", item.name).strip("-")
        page.screenshot(path=SCREENSHOTS / f"failed-{name}.png")
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it the tests skip on a desk and fail in CI."""
    if CHROMIUM is None:
        missing = "Chromium is missing; type: sudo apt-get install chromium fonts-dejavu-core"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.LabServer]:
    """JupyterLab as our own command starts it, on a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    root = folder / "notebooks"
    if (ROOT / "notebooks").is_dir():
        shutil.copytree(ROOT / "notebooks", root)
    root.mkdir(exist_ok=True)
    running = server.start(folder, root)
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of 1280 x 800 in a fresh profile; pytest shows its complaints on failure."""
    context = browser.new_context(viewport=VIEWPORT, device_scale_factor=1)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: print(f"page error: {error}"))
    page.on("console", lambda m: print(f"console: {m.text}") if m.type == "error" else None)
    yield page
    context.close()


@pytest.fixture
def lab(page: Page, lab_server: server.LabServer) -> Iterator[LabPage]:
    """A page ready to open notebooks; every kernel the test started ends with it."""
    yield LabPage(page, lab_server)
    page.goto("about:blank")
    lab_server.end_sessions()
