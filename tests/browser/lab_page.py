"""JupyterLab in a browser, as a test wants to drive it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page, expect

from tests.browser.server import LabServer
from tests.patience import PATIENCE_S

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
KERNEL_TIMEOUT_S = PATIENCE_S
SLOW_MS = PATIENCE_S * 1000
"""How long Playwright waits for anything before it fails."""
# The DOM's idle mark comes before the kernel is connected, and a command given in between is
# silently dropped; so readiness is asked of the session itself.
IS_IDLE = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  const kernel = context?.session?.kernel;
  return Boolean(
    context?.isReady && kernel?.connectionStatus === 'connected' && kernel?.status === 'idle'
  );
}"""


class LabPage:
    """A page of JupyterLab with one notebook open in it.

    `page` is Playwright's own, for whatever is not offered here.
    """

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self.server = server

    def write_notebook(self, name: str, *sources: str) -> str:
        """Put a notebook of code cells into the server's folder; returns its name."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in sources],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.server.root / name)
        return name

    def open(self, notebook: str) -> None:
        """Open a notebook of the server's folder and wait until its kernel is ready."""
        query = f"?reset&token={self.server.token}"
        self.page.goto(f"{self.server.url}/lab/tree/{notebook}{query}")
        self.page.wait_for_function(
            "name => window.jupyterapp?.shell.currentWidget?.context?.path === name",
            arg=notebook,
            timeout=KERNEL_TIMEOUT_S * 1000,
        )
        self.wait_idle()

    def wait_idle(self, timeout_s: float = KERNEL_TIMEOUT_S) -> None:
        """Wait until the kernel of the current notebook is connected and has nothing to do."""
        self.page.wait_for_function(IS_IDLE, timeout=timeout_s * 1000)

    def start(self, command: str) -> None:
        """Give a command of JupyterLab, such as "notebook:run-all-cells", and do not wait."""
        self.page.evaluate(
            """command => {
              const run = (window.tvmlabRun = { done: false, error: null });
              window.jupyterapp.commands.execute(command)
                .catch(error => { run.error = String(error); })
                .finally(() => { run.done = true; });
            }""",
            command,
        )

    def finish(self, timeout_s: float = KERNEL_TIMEOUT_S) -> None:
        """Wait for the end of what `start` began."""
        self.page.wait_for_function("() => window.tvmlabRun.done", timeout=timeout_s * 1000)
        error = self.page.evaluate("window.tvmlabRun.error")
        assert error is None, error

    def start_cell(self, index: int) -> None:
        """Run one cell and return at once."""
        self.page.evaluate(
            "i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index
        )
        self.start("notebook:run-cell")

    def run_cell(self, index: int, timeout_s: float = KERNEL_TIMEOUT_S) -> None:
        """Run one cell and wait until it has ended."""
        self.start_cell(index)
        self.finish(timeout_s)

    def run_all(self, timeout_s: float = KERNEL_TIMEOUT_S) -> None:
        """Run every cell and wait until the last one has ended."""
        self.start("notebook:run-all-cells")
        self.finish(timeout_s)

    def save(self) -> dict[str, Any]:
        """Save the notebook and return what was written, decoded."""
        self.start("docmanager:save")
        self.finish()
        path = self.page.evaluate("window.jupyterapp.shell.currentWidget.context.path")
        saved: dict[str, Any] = json.loads((self.server.root / path).read_text())
        return saved

    def cell(self, index: int) -> Locator:
        """A cell, scrolled into view; JupyterLab draws only cells near the window."""
        self.page.evaluate(
            "i => window.jupyterapp.shell.currentWidget.content.scrollToItem(i)", index
        )
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def output(self, index: int) -> Locator:
        """The output area of a cell. Scope look-ups of text to it: the source has text as well."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def hide_files(self) -> None:
        """Give the room of the file browser to the notebook."""
        self.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")

    def change_theme(self, theme: str) -> None:
        """Wear JupyterLab's own theme "Dark" or "Light"."""
        change = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
        self.page.evaluate(change, f"JupyterLab {theme}")
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)  # shown while it changes

    def looks(self, *sizes: tuple[int, int]) -> Iterator[str]:
        """Go through the themes and window sizes; what to call each: `1280-dark`."""
        for theme in ("Dark", "Light"):
            self.change_theme(theme)
            for width, height in sizes:
                self.page.set_viewport_size({"width": width, "height": height})
                yield f"{width}-{theme.lower()}"

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Save a picture of the page, or of one element, as build/screenshots/<name>.png."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path
