"""The lab while a cell runs, with the ipykernel at hand; `every_kernel` tries several."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, LabPane, forget_saved_steps

# A cell that works on the lab itself until the test lets it end, and tells what it then holds.
BUSY = """import pathlib, time
began = time.monotonic()
while not pathlib.Path("go").exists() and time.monotonic() - began < 600:
    lab.do(intent="select", block="C", loop="k")
    str(lab), lab.schedule.lowered()
    time.sleep(0.02)
"""
VERSION = "import ipykernel; print(ipykernel.__version__)"
TOLD = "print(lab.schedule.trace.to_python())"
TILED = 'yo, xo, yi, xi = s["C"].tile("y", "x", 32, 32)'


def test_a_running_cell_neither_blocks_nor_corrupts_the_lab(lab: LabPage) -> None:
    forget_saved_steps(lab)
    go = lab.server.root / "go"
    go.unlink(missing_ok=True)
    lab.open(lab.write_notebook("kernels.ipynb", HEADLINE, BUSY, TOLD, VERSION))
    lab.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    lab.run_cell(3)
    version = lab.output(3).locator(".jp-OutputArea-output").inner_text().strip()
    lab.run_cell(0)
    pane = LabPane(lab)
    expect(pane.loop("y")).to_be_visible()
    pane.show()
    pane.type_line(TILED)
    expect(pane.loop("yi")).to_be_visible()

    lab.start_cell(1)
    pane.show()
    lab.page.wait_for_timeout(300)
    pane.type_line('s["C"].parallel("yo")')
    # ipykernel 6 has no thread for clicks: there they wait for the cell, and none is lost.
    is_answered = int(version.split(".")[0]) >= 7
    if is_answered:
        expect(pane.steps).to_have_count(3, timeout=SLOW_MS)
    else:
        lab.page.wait_for_timeout(2000)
        assert pane.steps.count() == 2
    go.touch()
    lab.finish()
    expect(pane.steps).to_have_count(3, timeout=SLOW_MS)

    lab.wait_idle()
    lab.run_cell(2)
    held = lab.output(2).locator(".jp-OutputArea-output").inner_text().strip().splitlines()
    pane.show()
    expect(pane.pane("trace").locator('.tv-step[aria-current="step"] .tv-number')).to_have_text(
        str(len(held))
    )
    assert pane.pane("trace").locator(".tv-go").all_inner_texts()[1 : len(held) + 1] == held
    assert 's["C"].parallel("yo")' in held
    assert "defect" not in lab.output(0).inner_text()
    print(f"ipykernel {version}: clicks during a cell {'are answered' if is_answered else 'wait'}")
