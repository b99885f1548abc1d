"""The JupyterLab extension in a real JupyterLab: launcher, panels, status bar, what a lab left."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import expect

import tvmlab as t
from tests.browser.lab_page import SLOW_MS, LabPage
from tests.patience import PATIENCE_S
from tests.view.fake_engine import FakeEngine
from tvmlab.learn.notebook import SNAPSHOT_MIME
from tvmlab.view.kept import kept_view
from tvmlab.view.lab import LabView

SCHEDULE = """import tvmlab as t
A = t.placeholder((64, 64), name="A")
B = t.compute((64, 64), lambda y, x: A[y, x] * 2, name="B")
s = t.create_schedule(B)"""
PTX = ".visible .entry kernel(\n\t.param .u64 a\n) {\n\tadd.f32 %f1, %f2, %f3; // a sum\n}\n"


def open_desk(lab: LabPage, path: str = "") -> None:
    """JupyterLab with its launcher, or a file, and no notebook's kernel to wait for."""
    place = f"/tree/{path}" if path else ""
    lab.page.goto(f"{lab.server.url}/lab{place}?reset&token={lab.server.token}")
    lab.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget")


def put_settings(lab: LabPage, **settings: object) -> None:
    """Store settings of the extension as the settings editor does."""
    request = urllib.request.Request(
        f"{lab.server.url}/lab/api/settings/tvmlab:settings",
        method="PUT",
        data=json.dumps({"raw": json.dumps(settings)}).encode(),
        headers={"Authorization": f"token {lab.server.token}"},
    )
    urllib.request.urlopen(request, timeout=PATIENCE_S).close()


def test_the_launcher_begins_a_notebook_as_the_settings_say(lab: LabPage) -> None:
    put_settings(lab, trials=8, colours="teal and purple")
    (lab.server.root / "shared.trace.json").write_text("{}")
    try:
        open_desk(lab)
        tiles = lab.page.locator(".jp-Launcher-section", has_text="Tensor programs")
        expect(tiles.locator(".jp-LauncherCard")).to_have_count(6, timeout=SLOW_MS)
        expect(lab.page.locator("body")).to_have_attribute(
            "data-tv-colours", "teal and purple", timeout=SLOW_MS
        )
        tiles.scroll_into_view_if_needed()
        lab.screenshot("extension-launcher")
        tiles.locator(".jp-LauncherCard", has_text="Convolution").click()
        notebook = lab.page.locator(".jp-Notebook")
        expect(notebook).to_contain_text("t.tune(work, trials=8)", timeout=SLOW_MS)
        lab.start("tvmlab:show-schedules")
        panel = lab.page.locator("#tvmlab-schedules")
        expect(panel.locator(".tv-section", has_text="Traces")).to_contain_text(
            "shared", timeout=SLOW_MS
        )
        panel.get_by_role("button", name="Lanes that may not meet").click()
        expect(notebook).to_contain_text('t.Lab.exercise("mend")', timeout=SLOW_MS)
        lab.screenshot("extension-schedules")
        lab.start("tvmlab:open-course")
        expect(lab.page.locator(".tv-course")).to_contain_text("0 of 12 passed", timeout=SLOW_MS)
        lab.screenshot("extension-course")
    finally:
        put_settings(lab)


def test_the_docked_lab_follows_the_schedule_last_touched(lab: LabPage) -> None:
    tune = 'run = t.tune(B, trials=2, explorer="random", seed=1)'
    wait = "import time; print('begun'); time.sleep(300)"
    cells = (SCHEDULE, 's["B"].split("x", 8)', tune, "print(s.trace.to_python())", wait)
    lab.open(lab.write_notebook("docked.ipynb", *cells))
    lab.run_cell(0)
    lab.start("tvmlab:show-lab")
    dock = lab.page.locator("#tvmlab-dock")
    expect(dock.locator(".tv-dock-place")).to_have_text("s in docked.ipynb", timeout=SLOW_MS)
    expect(dock.locator('.tv-loop[data-loop="x"]')).to_be_visible(timeout=SLOW_MS)
    lab.run_cell(1)
    dock.locator('.tv-loop[data-loop="xo"]').click()
    expect(dock.locator(".tv-moves .tv-bar b")).to_have_text("xo", timeout=SLOW_MS)
    dock.get_by_role("tab", name="Schedule", exact=True).click()
    lane = dock.locator(".tv-lane input")
    lane.fill('s["B"].parallel("y")')
    lane.press("Enter")
    expect(dock.locator(".tv-step")).to_have_count(3, timeout=SLOW_MS)
    lab.run_cell(2)
    status = lab.page.locator(".tv-status")
    expect(status).to_have_text(re.compile(r"Tuning \d of 2"), timeout=SLOW_MS)
    lab.screenshot("extension-docked")
    lab.run_cell(3)
    expect(lab.output(3)).to_contain_text('parallel("y")')
    # What is shown for seconds may be gone before a busy machine looks; here it stays.
    lab.start("apputils:display-notifications")
    told = lab.page.locator(".jp-Notification-Center")
    expect(told).to_contain_text("Tuning ended", timeout=SLOW_MS)
    lab.start("apputils:display-notifications")
    expect(told).to_have_count(0)
    lab.start_cell(4)  # the panel answers while a cell runs
    expect(lab.output(4)).to_have_text("begun", timeout=SLOW_MS)
    dock.get_by_role("tab", name="Moves").click()
    dock.locator('.tv-loop[data-loop="xi"]').click()
    expect(dock.locator(".tv-moves .tv-bar b")).to_have_text("xi", timeout=SLOW_MS)
    expect(lab.cell(4).locator(".jp-InputArea-prompt")).to_have_text("[*]:")
    lab.start("notebook:interrupt-kernel")


def left_by_a_lab(folder: Path) -> dict[str, object]:
    """The output of a lab, as a notebook keeps it."""
    a = t.placeholder((16, 32), name="A")
    b = t.compute((16, 32), lambda y, x: a[y, x] + 1, name="B")
    view = LabView(b, FakeEngine(), restore=False, folder=folder)
    for line in ('s["B"].split("x", 8)', 's["B"].parallel("y")', 's["B"].vectorize("xi")'):
        view.do({"intent": "apply", "line": line})
    kept = kept_view(view.snapshot(), view.beginning(), view.past(), "tvmlab-left")
    return {"text/plain": "B", "text/html": "<b>as HTML</b>", SNAPSHOT_MIME: dict(kept)}


def test_what_a_lab_left_is_gone_through_without_a_kernel(lab: LabPage, tmp_path: Path) -> None:
    output = nbformat.v4.new_output("display_data", left_by_a_lab(tmp_path))
    cell = nbformat.v4.new_code_cell("t.Lab(B)", outputs=[output])
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata=spec)
    nbformat.write(notebook, lab.server.root / "left.ipynb")
    (lab.server.root / "sum.ptx").write_text(PTX)
    open_desk(lab, "left.ipynb")
    left = lab.page.locator(".tv-kept")
    expect(left.locator(".tv-program")).to_contain_text("vectorized", timeout=SLOW_MS)
    expect(left).not_to_contain_text("as HTML")
    left.get_by_role("slider", name="Step").fill("1")
    expect(left.locator(".tv-kept-where")).to_have_text("Step 1 of 3")
    expect(left.locator(".tv-program")).not_to_contain_text("parallel")
    left.locator(".tv-step", has_text="parallel").locator("button").first.click()
    expect(left.locator(".tv-program")).to_contain_text("parallel")
    change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
    lab.page.evaluate(change, "JupyterLab Dark")
    expect(lab.page.locator("body")).to_have_attribute(
        "data-jp-theme-light", "false", timeout=SLOW_MS
    )
    lab.screenshot("extension-left")
    lab.page.evaluate("window.jupyterapp.commands.execute('docmanager:open', {path: 'sum.ptx'})")
    comment = lab.page.locator(".jp-FileEditor .cm-line span", has_text="// a sum")
    expect(comment).to_be_visible(timeout=SLOW_MS)
    lab.screenshot("extension-ptx")
