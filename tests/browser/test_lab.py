"""The headline product in JupyterLab: look, schedule, read the code, measure, tune, reopen."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, LabPane, open_lab
from tests.patience import eventually

# A cell that runs until the test lets it end.
WAITING = """import pathlib, time
began = time.monotonic()
while not pathlib.Path("go").exists() and time.monotonic() - began < 600:
    time.sleep(0.05)"""
TILED = 'yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)'


@pytest.fixture
def pane(lab: LabPage) -> LabPane:
    """A lab of the headline product with the page to itself."""
    return open_lab(lab, "headline", HEADLINE, WAITING)


def test_look_schedule_and_refuse(lab: LabPage, pane: LabPane) -> None:
    assert pane.program[:4] == [
        "def C(A: float32[1024, 1024], B: float32[1024, 1024], C: float32[1024, 1024]):",
        "for y in range(1024):",
        "for x in range(1024):",
        "for k in range(1024):",
    ]
    expect(pane.pane("moves").locator(".tv-empty")).to_be_visible()
    lab.screenshot("lab-start")

    pane.select("y")
    expect(pane.loop("y")).to_have_attribute("aria-selected", "true")
    pane.apply("tile", loops="y, x", factors="32, 32")
    expect(pane.loop("xi")).to_be_visible()
    assert pane.program[1:5] == [f"for {loop} in range(32):" for loop in ("yo", "xo", "yi", "xi")]
    expect(pane.pane("program").locator(".tv-gone")).to_have_count(3)
    expect(pane.steps.last).to_contain_text(TILED)
    lab.screenshot("lab-tiled")

    pane.select("k")
    pane.choose("parallel")
    refusal = pane.pane("moves").locator(".tv-refusal")
    expect(refusal).to_contain_text("k=0 and k=1")
    expect(pane.button("moves", "Apply")).to_be_disabled()
    expect(pane.steps).to_have_count(2)
    lab.screenshot("lab-refused")
    pane.type_line('s["C"].vectorize("k")')
    expect(pane.pane("trace").locator(".tv-refusal")).to_be_visible()
    expect(pane.steps).to_have_count(2)
    assert "Traceback" not in lab.output(0).inner_text()


def test_the_trace_is_edited_copied_undone_and_redone(lab: LabPage, pane: LabPane) -> None:
    pane.type_line(TILED)
    expect(pane.steps).to_have_count(2)
    pane.type_line('s["C"].vectorize("xi")')
    expect(pane.steps).to_have_count(3)

    pane.steps.nth(1).hover()
    pane.steps.nth(1).get_by_role("button", name="Edit").click()
    editor = pane.steps.nth(1).locator("input")
    editor.fill(TILED.replace("32, 32", "8, 16"))
    editor.press("Enter")
    expect(pane.loop("xi")).to_contain_text("vectorized(16)")

    pane.button("trace", "Undo").click()
    expect(pane.loop("xi")).to_contain_text("range(16)")
    pane.button("trace", "Redo").click()
    expect(pane.loop("xi")).to_contain_text("vectorized(16)")
    pane.steps.first.locator("button").first.click()
    expect(pane.loop("y")).to_be_visible()

    pane.steps.last.locator("button").first.click()
    expect(pane.loop("xi")).to_be_visible()
    pane.button("trace", "Copy").click()
    expect(pane.button("trace", "Copied")).to_be_visible()
    copied = lab.page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[1:] == [
        TILED.replace("32, 32", "8, 16"),
        's["C"].vectorize("xi")',
    ]


def test_a_decision_is_taken_frozen_and_opened_by_keyboard(lab: LabPage, pane: LabPane) -> None:
    pane.type_line('yo, yi = s["C"].split("y", t.hole("rows", [4, 8, 16]))')
    pane.type_line('s["C"].split("x", factors=t.sample_perfect_tile("x", 3))')
    expect(pane.steps).to_have_count(3)
    rows = pane.pane("trace").locator('[data-hole="rows"]')
    option, toggle = rows.get_by_label("Option of rows"), rows.get_by_role("button")
    expect(option).to_have_value("4")
    lab.screenshot("holes")
    option.focus()
    lab.page.keyboard.press("ArrowDown")
    expect(pane.loop("yi")).to_contain_text("range(8)")
    expect(option).to_be_focused()
    lab.page.keyboard.press("Tab")
    expect(toggle).to_be_focused()
    lab.page.keyboard.press("Enter")
    expect(toggle).to_have_text("Frozen")
    expect(toggle).to_be_focused()
    expect(pane.steps.nth(1)).to_contain_text("frozen=True")
    lab.change_theme("Dark")
    lab.screenshot("holes-dark")
    lab.change_theme("Light")
    toggle.focus()
    lab.page.keyboard.press("Space")
    expect(toggle).to_have_text("Open")
    assert "Traceback" not in lab.output(0).inner_text()


def test_everything_by_keyboard(lab: LabPage, pane: LabPane) -> None:
    canvas = pane.pane("program").locator(".tv-canvas")
    canvas.focus()
    canvas.press("ArrowDown")
    canvas.press("Enter")
    expect(pane.loop("y")).to_have_attribute("aria-selected", "true")
    # The table is made anew when its figures come.
    expect(pane.pane("moves").locator("td.tv-told", has_text="×").first).to_be_visible()
    pane.pane("moves").locator('[data-step="split"]').focus()
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.press("Tab")
    factors = pane.pane("moves").locator('input[name="factors"]')
    expect(factors).to_be_focused()
    factors.fill("auto, 16")
    factors.press("Enter")
    expect(pane.loop("yo")).to_contain_text("range(64)")
    # Letters that are JupyterLab's own shortcuts must not reach it from inside a pane.
    cells = lab.page.locator(".jp-Notebook .jp-Cell").count()
    canvas.focus()
    for key in "abdd":
        canvas.press(key)
    canvas.press("Control+z")
    expect(pane.loop("y")).to_be_visible()
    assert lab.page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_code_and_measurement(lab: LabPage, pane: LabPane) -> None:
    listing = pane.pane("code").locator(".tv-listing")
    expect(listing).to_contain_text("define void @C", timeout=SLOW_MS)
    pane.type_line(TILED)
    pane.type_line('s["C"].reorder("yo", "xo", "k", "yi", "xi")')
    pane.type_line('s["C"].vectorize("xi")')
    pane.type_line('s["C"].unroll("yi")')
    pane.type_line('s["C"].parallel("yo")')
    expect(pane.steps).to_have_count(6)
    pane.pane("code").get_by_role("tab", name="Assembly", exact=True).click()
    expect(pane.pane("code").locator(".tv-bar")).to_contain_text("fused", timeout=SLOW_MS)
    hottest = pane.pane("code").locator(".tv-loops li").first
    expect(hottest).to_contain_text("loop k of block C")
    expect(hottest.locator(".tv-remark").first).to_contain_text("stored to the stack")
    hottest.get_by_role("button").click()
    expect(pane.pane("program").locator(".tv-lit", has_text="for k in")).to_be_visible()
    pane.loop("k").click()
    expect(listing.locator(".tv-lit").first).to_be_visible()
    pane.loop("k").hover()
    reached = pane.pane("program").locator("mark")
    expect(reached).to_have_text(["vk=reduce(k)", "A[vk, vy]", "B[vk, vx]"])
    pane.pane("program").get_by_text("C[vy, vx] = C[vy, vx]").hover()
    expect(reached).to_have_count(0)
    expect(listing.locator(".tv-lit", has_text="vfmadd").first).to_be_visible()
    listing.locator(".tv-row", has_text="vfmadd").first.hover()
    expect(pane.pane("program").locator(".tv-lit", has_text="with block")).to_be_visible()
    lab.screenshot("lab-assembly")

    pane.tab("Measure")
    expect(pane.pane("measure").locator(".tv-empty").first).to_be_visible()
    pane.button("measure", "Measure").click()
    result = pane.pane("measure").locator(".tv-result")
    expect(result).to_contain_text("Agrees with numpy", timeout=SLOW_MS)
    for words in ("GFLOP/s", "GB/s", "of peak", "spread", re.compile("median of|one repeat")):
        expect(result).to_contain_text(words)
    expect(pane.pane("measure").locator(".tv-history tbody tr")).to_have_count(1)
    lab.screenshot("lab-measured")


def test_tuning_is_live_while_a_cell_runs(lab: LabPage, pane: LabPane) -> None:
    go = lab.server.root / "go"
    go.unlink(missing_ok=True)
    pane.tab("Tune")
    tuner = pane.pane("tuner")
    tuner.get_by_label("Number of trials").fill("24")
    pane.button("tuner", "Tune").click()
    lab.start_cell(1)
    pane.show()
    expect(tuner.locator(".tv-leader").first).to_be_visible(timeout=SLOW_MS)
    pane.button("tuner", "Pause").click()
    expect(tuner.get_by_role("status")).to_contain_text("Paused")
    pane.type_line('s["C"].parallel("y")')
    expect(pane.steps).to_have_count(2)
    assert not lab.page.evaluate("window.tvmlabRun.done"), "the cell should still be running"
    pane.button("tuner", "Resume").click()
    go.touch()
    lab.finish()
    expect(tuner.locator(".tv-leader")).to_have_count(8, timeout=SLOW_MS)
    lab.screenshot("lab-tuning")
    expect(tuner.get_by_role("status")).to_contain_text(re.compile("Done"), timeout=SLOW_MS)
    expect(tuner.locator(".tv-chart").first).to_have_attribute("data-drawn-ms", re.compile(r"\d"))
    lab.screenshot("lab-tuned")

    # A point is looked at, and that candidate opened.
    tuner.locator(".tv-chart").first.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Enter")
    pane.button("tuner", "Make this my branch").click()
    expect(pane.pane("program").locator(".tv-notice")).to_contain_text("tuning run")
    expect(pane.steps.nth(2)).to_be_visible()
    lab.screenshot("lab-candidate")

    tuner.get_by_label("Number of trials").fill("500")
    pane.button("tuner", "Tune").click()
    expect(tuner.get_by_role("status")).to_contain_text("of 500", timeout=SLOW_MS)
    pane.button("tuner", "Stop").click()
    expect(tuner.get_by_role("status")).to_contain_text("Done", timeout=SLOW_MS)


def saved_with(lab: LabPage, words: str) -> dict[str, Any]:
    """The saved notebook, once the lab's picture in it says so: it follows the lab by a second."""
    saved: list[dict[str, Any]] = []

    def is_told() -> bool:
        saved[:] = [lab.save()]
        return words in "".join(saved[0]["cells"][0]["outputs"][1]["data"]["text/plain"])

    eventually(is_told, pause_s=0.2)
    return saved[0]


def test_reopened_without_a_kernel_and_run_again(lab: LabPage, pane: LabPane) -> None:
    pane.type_line(TILED)
    expect(pane.loop("yo")).to_be_visible()
    saved_with(lab, "for yo in")
    path = lab.page.evaluate("jupyterapp.shell.currentWidget.context.path")
    lab.page.goto("about:blank")
    lab.server.end_sessions()

    lab.open(path)
    lab.hide_files()
    lab.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    output = lab.output(0)
    expect(output.get_by_text("The last state, shown without a kernel")).to_be_visible()
    expect(output).to_contain_text('s["C"].tile("y", "x", 32, 32)')
    expect(output.get_by_text("Error displaying widget")).not_to_be_visible()
    lab.screenshot("lab-reopened")

    lab.open(path)
    lab.hide_files()
    lab.run_cell(0)
    again = LabPane(lab)
    expect(again.loop("yo")).to_be_visible()
    expect(output.get_by_text("The last state, shown without a kernel")).not_to_be_visible()
    expect(again.pane("program").locator(".tv-notice")).to_contain_text("Restored 1 step")
    again.show()
    lab.screenshot("lab-restored")
    again.button("program", "Start over").click()
    expect(again.loop("y")).to_be_visible()
    expect(again.steps).to_have_count(1)


def test_a_notebook_of_somebody_else_is_read_trusted_and_run(lab: LabPage, pane: LabPane) -> None:
    pane.type_line(TILED)
    expect(pane.loop("yo")).to_be_visible()
    content = saved_with(lab, "for yo in")
    content["cells"][1]["source"] = "1 + 1"  # so it has no signature of this user's
    (lab.server.root / "foreign.ipynb").write_text(json.dumps(content))
    shutil.rmtree(lab.server.root / ".tvmlab", ignore_errors=True)
    lab.page.goto("about:blank")
    lab.server.end_sessions()

    lab.open("foreign.ipynb")
    output = lab.output(0)
    kept = output.locator(".tv-kept-lab")
    expect(kept).to_contain_text("for yo in range(32)")
    kept.get_by_role("slider").press("Home")
    expect(kept).to_contain_text("Step 0 of 1")
    expect(kept).not_to_contain_text("for yo in range(32)")
    lab.screenshot("lab-untrusted")
    lab.start("notebook:trust")
    lab.page.get_by_role("dialog").get_by_role("button", name="Trust").click()
    expect(output.get_by_text("Error displaying widget")).not_to_be_visible()
    expect(output.locator(".tv-kept-lab")).to_contain_text('s["C"].tile("y", "x"')
    lab.run_cell(0)
    again = LabPane(lab)
    expect(again.loop("y")).to_be_visible()
    expect(again.steps).to_have_count(1)  # its steps were saved beside the other notebook


def test_reloading_the_page_keeps_the_live_lab(lab: LabPage, pane: LabPane) -> None:
    pane.type_line(TILED)
    expect(pane.loop("yo")).to_be_visible()
    lab.save()
    lab.page.reload()
    expect(pane.loop("yo")).to_be_visible(timeout=SLOW_MS)
    pane.type_line('s["C"].vectorize("xi")')
    expect(pane.loop("xi")).to_contain_text("vectorized")


SIZES = ((1280, 800), (1920, 1080), (560, 900))

# Panes on screen that stick out of the lab or have no room.
MISPLACED = """root => [...root.querySelectorAll('.tvmlab')]
  .filter(pane => pane.clientHeight > 0)
  .filter(pane => pane.getBoundingClientRect().right > root.getBoundingClientRect().right + 1
                  || pane.clientHeight < 100)
  .map(pane => pane.className)"""


TALL_TABS = {"Locality": "locality", "GPU": "gpu", "Tune": "tuner", "Learn": "learn"}


def test_every_pane_has_room_in_every_theme(lab: LabPage, pane: LabPane) -> None:
    pane.select("y")
    pane.apply("tile", loops="y, x", factors="32, 32")
    expect(pane.pane("code").locator(".tv-row").first).to_be_visible(timeout=SLOW_MS)
    for look in lab.looks(*SIZES):
        pane.show()
        lab.screenshot(f"lab-{look}")
        assert pane.root.evaluate(MISPLACED) == [], look
        for title, stem in (TALL_TABS if look.endswith("light") else {}).items():
            pane.tab(title)
            expect(pane.pane(stem)).to_be_visible()
            assert pane.root.evaluate(MISPLACED) == [], (look, title)
        pane.tab("Code")
