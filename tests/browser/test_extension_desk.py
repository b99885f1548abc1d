"""JupyterLab as a desk: menus, keys, drag and drop, settings, consoles, and runs that are on."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.lab_page import LabPage
from tests.browser.test_extension import SCHEDULE, SLOW_MS, open_desk, put_settings
from tests.server.recorded import begin

SETTINGS = {"protocol": "patient", "compileLimit": 7, "target": "opencl", "trials": 8}
ASK = """import os
from tvmlab.view.preferences import preferred_protocol
from tvmlab.targets.cpu.build.patience import compile_limit_s
print(preferred_protocol().limit_s, compile_limit_s())"""
COMMANDS = """() => {
  const bound = new Set(jupyterapp.commands.keyBindings.map(({command}) => command));
  const ours = jupyterapp.commands.listCommands().filter(name => name.startsWith("tvmlab:"));
  return ours.map(name => [name, bound.has(name)]).sort();
}"""
CONSOLE = """() => {
  jupyterapp.commands.execute('console:create', {kernelPreference: {name: 'python3'}});
}"""
INJECT = """code => {
  const path = jupyterapp.shell.currentWidget.sessionContext.path;
  jupyterapp.commands.execute('console:inject', {activate: true, code, path});
}"""
ENDLESS = 'run = t.tune(t.ops.matmul(256, 256, 256), trials=100000, explorer="random", seed=1)'
DOCKED = 'import sys\nprint("tvmlab.ui.dock" in sys.modules)'
RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
KILL = "import os, signal\nos.kill(run._process.pid, signal.SIGKILL)"


def field(lab: LabPage, name: str) -> Locator:
    """Where the settings editor has a setting."""
    return lab.page.locator(f'[id="jp-SettingsEditor-tvmlab:settings_{name}"]')


def test_the_desk_by_menu_keys_and_drag(lab: LabPage) -> None:
    own = lab.server.root / ".tvmlab"
    own.mkdir(exist_ok=True)
    begin(own / "desk.db", 12, 9).close()
    begin(lab.server.root / "plain.db", 3).close()
    put_settings(lab, **SETTINGS)
    page = lab.page
    try:
        open_desk(lab)
        # Keys.
        panel, dock = page.locator("#tvmlab-schedules"), page.locator("#tvmlab-dock")
        page.keyboard.press("Alt+Shift+S")
        expect(panel).to_be_visible(timeout=SLOW_MS)
        page.keyboard.press("Alt+Shift+L")
        expect(dock).to_be_visible(timeout=SLOW_MS)
        page.keyboard.press("Alt+Shift+C")
        expect(page.locator(".tv-course")).to_be_visible(timeout=SLOW_MS)
        # A run in a database that JupyterLab hides.
        run = panel.locator(".tv-entry", has_text="9 of 64").first
        run.locator(".tv-entry-open").click()
        records = page.locator(".tv-document-host:visible")
        expect(records.get_by_label("Run in front")).to_have_value("2", timeout=SLOW_MS)
        expect(records.locator(".tv-leader").first).to_be_visible()
        panel.locator(".tv-entry", has_text="12 of 64").first.locator(".tv-entry-open").click()
        expect(records.get_by_label("Run in front")).to_have_value("1", timeout=SLOW_MS)
        lab.screenshot("extension-hidden-run")
        page.keyboard.press("Alt+Shift+R")  # the latest, in a file of any name
        expect(records.get_by_label("Run in front")).to_contain_text(
            re.compile("3 trials"), timeout=SLOW_MS
        )
        # Commands: all in the palette, each with its keys.
        page.keyboard.press("Control+Shift+C")
        listed = page.locator('.lm-CommandPalette-item[data-command^="tvmlab:"]')
        expect(listed).to_have_count(11, timeout=SLOW_MS)
        names = set(listed.evaluate_all("items => items.map(item => item.dataset.command)"))
        assert page.evaluate(COMMANDS) == [[name, True] for name in sorted(names)]
        page.keyboard.insert_text("tensor programs")
        expect(listed.locator("mark").first).to_be_visible(timeout=SLOW_MS)
        lab.screenshot("extension-palette")
        page.keyboard.press("Escape")
        # File > New.
        page.locator(".lm-MenuBar-item", has_text="File").click()
        page.locator(".lm-Menu-item", has_text="New").first.hover()
        entry = page.locator(".lm-Menu-item", has_text="Lab: Softmax")
        expect(entry).to_be_visible(timeout=SLOW_MS)
        lab.screenshot("extension-menu")
        entry.click()
        notebook = page.locator(".jp-NotebookPanel:visible .jp-Notebook")
        expect(notebook).to_contain_text('target="opencl"', timeout=SLOW_MS)
        # A drag into a cell.
        cell = notebook.locator(".jp-CodeCell .cm-content").first
        panel.get_by_role("button", name="Lanes that may not meet").drag_to(cell)
        expect(cell).to_contain_text('t.Lab.exercise("mend")')
        assert cell.inner_text().count("import tvmlab") == 1
        lab.screenshot("extension-drag")
        # A console, whose kernel is followed as a notebook's is.
        page.evaluate(CONSOLE)
        expect(page.locator(".jp-CodeConsole:visible")).to_be_visible(timeout=SLOW_MS)
        lab.wait_idle()
        page.evaluate(INJECT, SCHEDULE)
        expect(dock.locator(".tv-dock-place")).to_have_text("s in Console 1", timeout=SLOW_MS)
        expect(dock.locator('.tv-loop[data-loop="x"]')).to_be_visible(timeout=SLOW_MS)
        lab.change_theme("Dark")
        lab.screenshot("extension-console")
    finally:
        put_settings(lab)


def test_settings_reach_kernels_and_runs_are_told_of(lab: LabPage) -> None:
    put_settings(lab, **SETTINGS)
    page = lab.page
    try:
        cells = (ASK, SCHEDULE, ENDLESS, KILL, ASK, DOCKED)
        lab.open(lab.write_notebook("desk.ipynb", *cells))
        lab.run_cell(0)  # nothing is connected yet
        expect(lab.output(0)).to_contain_text("1.0 7.0")
        lab.run_cell(1)
        lab.run_cell(2)
        status = page.locator(".tv-status")
        expect(status).to_have_text(
            re.compile(r"Tuning \d+ of \d{5} · best .+ · \d+ (s|min|h) left"), timeout=SLOW_MS
        )
        lab.screenshot("extension-status")
        status.get_by_role("button").click()
        dock = page.locator("#tvmlab-dock")
        expect(dock.locator(".tv-dock-place")).to_have_text("run in desk.ipynb", timeout=SLOW_MS)
        expect(dock.locator(".tv-tuner")).to_contain_text(
            re.compile(r"of \d{5}\b"), timeout=SLOW_MS
        )
        expect(dock.get_by_role("tab", name="Tune")).to_have_attribute(
            "aria-selected", "true", timeout=SLOW_MS
        )
        page.keyboard.press("Alt+Shift+I")
        written = page.locator(".jp-CodeCell", has_text="t.Lab(run)")
        expect(written).to_be_visible(timeout=SLOW_MS)
        lab.start("notebook:delete-cell")
        expect(written).to_have_count(0)
        lab.run_cell(3)
        failed = page.locator(".Toastify__toast", has_text="Tuning failed")
        expect(failed).to_contain_text("SIGKILL", timeout=SLOW_MS)
        expect(status).to_be_hidden(timeout=SLOW_MS)
        expect(failed).to_be_in_viewport(ratio=1)
        lab.screenshot("extension-failed")
        lab.start("settingeditor:open")
        page.locator(".jp-PluginList").get_by_text("Tensor programs").click()
        field(lab, "protocol").select_option(label="certified")
        field(lab, "compileLimit").fill("60")  # the default again
        field(lab, "colours").select_option(label="green and red")
        field(lab, "connect").uncheck()
        expect(page.locator("body")).to_have_attribute("data-tv-colours", "green and red")
        lab.screenshot("extension-settings")
        page.get_by_role("tab", name="desk.ipynb").click()
        lab.run_cell(4)
        expect(lab.output(4)).to_contain_text("10.0 60.0", timeout=SLOW_MS)
        # A kernel that begins anew is told once more, and left alone otherwise.
        lab.start("application:toggle-right-area")
        expect(dock).to_be_hidden()
        page.evaluate(RESTART)
        lab.wait_idle()
        lab.run_cell(1)
        lab.run_cell(0)
        expect(lab.output(0)).to_contain_text("10.0 60.0")
        lab.run_cell(5)
        expect(lab.output(5)).to_contain_text("False")
    finally:
        put_settings(lab)
